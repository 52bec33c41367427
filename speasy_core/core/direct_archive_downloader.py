"""Variables from folders of files that one call describes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Any

from speasy_core.errors import InvalidRequest, UnknownOption
from speasy_core.providers.archive import ArchiveProvider
from speasy_core.session import default_session
from speasy_core.variable import SpeasyVariable

__all__ = ["get_product"]

_KEYS = frozenset({"split_frequency", "fname_regex", "date_format", "master_cdf", "master_file"})
_OPTIONS = frozenset({
    "progress", "timeout", "offline", "refresh", "on_error", "force_refresh",
    "extra_http_headers", "disable_proxy", "disable_cache", "prefer_cache",
})  # fmt: skip


def get_product(
    url_pattern: str,
    split_rule: str,
    variable: str,
    start_time: Any,
    stop_time: Any,
    use_file_list: bool = False,
    file_reader: Callable[..., SpeasyVariable] | None = None,
    codec: str | None = None,
    **kwargs: Any,
) -> SpeasyVariable:
    r"""Return a variable from files of which the names follow a pattern.

    Parameters
    ----------
    url_pattern : str
        Address with fields for the date: ``{Y}``, ``{M:02d}``, ``{D:02d}``, ``{j:03d}``.
    split_rule : {"regular", "random"}
        Whether each file holds a day, month or year, or any range that its name tells.
    variable : str
    start_time, stop_time : time
        Half-open, UTC.
    use_file_list : bool
        Read the folder for the files' names, where the last part of the pattern is a regular
        expression.
    file_reader : callable, optional
        ``f(address, variable, **kwargs)``; what it gives is not taken from the cache.
    codec : str, optional
        Name of the format, where files do not tell.
    **kwargs
        `split_frequency` (``daily`` without it), `fname_regex`, `date_format`, `master_cdf`,
        options of `get_data`; the rest are for `file_reader`.

    Raises
    ------
    ConfigError
        The description has a mistake.
    UnknownOption
        An option that is not known.

    Examples
    --------
    >>> get_product("https://spdf.gsfc.nasa.gov/pub/data/ace/mag/level_2_cdaweb/mfi_h0/{Y}/"
    ...             r"ac_h0_mfi_{Y}{M:02d}{D:02d}_v\d+.cdf", "regular", "BGSEc", "2023-01-02",
    ...             "2023-01-03", use_file_list=True)  # doctest: +SKIP
    """
    keys = {key: kwargs.pop(key) for key in _KEYS & kwargs.keys() if kwargs[key] is not None}
    options = {key: kwargs.pop(key) for key in _OPTIONS & kwargs.keys()}
    if kwargs and file_reader is None:
        known = ", ".join(sorted(_KEYS | _OPTIONS))
        raise UnknownOption(
            f"get_product does not take {', '.join(kwargs)}", hint=f"it takes {known}"
        )
    if split_rule == "regular":
        keys.setdefault("split_frequency", "daily")
    entry = {"url_pattern": url_pattern, "split_rule": split_rule, "use_file_list": use_file_list}
    entry |= keys | ({"codec": codec} if codec else {})
    name = blake2b(json.dumps(entry, sort_keys=True).encode(), digest_size=8).hexdigest()
    session = default_session()
    provider = session.providers.get("archive")
    if not isinstance(provider, ArchiveProvider):
        raise InvalidRequest("described archives are switched off", hint="disabled_providers")
    reader = partial(file_reader, **kwargs) if file_reader is not None else None
    if reader is not None:
        name += "_read"
        options["refresh"] = True  # nobody knows whether a function still does the same
    # JSON is YAML
    provider.describe(
        json.dumps({name: entry | {"inventory_path": "get_product"}}), "get_product", reader
    )
    found: SpeasyVariable = session.get_data(
        f"archive/get_product/{name}/{variable}", start_time, stop_time, **options
    )
    return found
