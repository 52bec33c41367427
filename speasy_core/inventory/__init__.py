"""The inventory: every product of every archive, from a snapshot on disk, with a search.

::

    inventory   the one class that others use          tree        nodes, as people walk them
    query       what the words of a search mean        match       the best matches in one tree
    keeper      what is current, what became of it     refresh     loads in threads, one a provider
    snapshot    the shared file, or memory             db          reading trees in SQLite
    rows        from a provider's records to rows      schema      tables, and how a tree gets in
    vocabulary  from parts of words to words
"""

from .inventory import Inventory
from .keeper import ProviderState
from .tree import Node

__all__ = ["Inventory", "Node", "ProviderState"]
