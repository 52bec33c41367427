"""The fault matrix: what people get when servers, networks and disks misbehave.

::

    cases/      each fault: how it is made, what is asked, the class of answer it must have
    world       one local archive, sessions on it, and canaries that must not sing
    judge       compares an answer with the one without the fault, sample by sample
    table       prints the matrix; ``python -m tests.faults`` writes it into README.md

Every question goes through the public calls.
"""
