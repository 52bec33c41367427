"""Where cached samples lie: on disk when it can be used, else in memory; never a lost answer.

A store keeps, for each key, a list of *entries* (plain JSON dicts) and *blobs* (arrays with a JSON
header) that the entries name under ``"blob"``. What the entries mean is the cache's affair.

::

    disk     the store in a folder, which falls back to    memory   the store without one
    folder   whose it is, what lies where, what has to go  blob     arrays in a checksummed file
    index    keys to small bytes, shared by processes      locks    between processes
    writing  of blobs
"""

from .disk import DiskStore
from .memory import Entry, MemoryStore, Store, StoredArrays
from .writing import Joined, storable

__all__ = ["DiskStore", "Entry", "Joined", "MemoryStore", "Store", "StoredArrays", "storable"]
