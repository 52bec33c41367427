"""The cache: asks an archive only for what is missing, and never answers with a silent hole.

::

    cache      the one class that others use
    gather     one call: from what is kept and what is fetched to one variable
    flights    requests under way, shared by threads     fragments   what is known of a product
    keeper     between the cache and its store           serial      variables as JSON and arrays
    salvage    what a damaged piece still holds
"""

from .cache import Cache

__all__ = ["Cache"]
