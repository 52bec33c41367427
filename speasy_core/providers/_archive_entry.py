"""One described data set: its keys, checked when they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from speasy_core import codecs
from speasy_core.errors import ConfigError, InvalidRequest
from speasy_core.timerange import TimeRange

from ._archive_template import FREQUENCIES, Template
from ._archive_yaml import Value, parse
from ._common import split_link

__all__ = ["Entry", "read_entries"]

_KEYS = frozenset({
    "inventory_path", "split_rule", "split_frequency", "url_pattern", "use_file_list",
    "fname_regex", "date_format", "master_cdf", "master_file", "codec", "meta", "variables",
    "meta_priority", "start_date", "stop_date", "title",
})  # fmt: skip
_RULES = ("regular", "random")
_PRIORITIES = ("file", "yaml")


@dataclass(frozen=True)
class Entry:
    """One data set of a description.

    Attributes
    ----------
    name : str
    path : tuple of str
        Folders of the tree.
    url : Template
        Address of a file, or of a folder when the files are listed.
    rule : str
        ``regular`` or ``random``.
    frequency : str
        ``daily``, ``monthly``, ``yearly`` or ``none``.
    listed : bool
        Whether the folder is read for the files' names.
    regex : re.Pattern or None
        Names of the files, with groups ``start``, ``stop`` and ``version``.
    date_format : str or None
        Of the groups ``start`` and ``stop``.
    master : str or None
        Address of a file of metadata.
    codec : str or None
    meta : mapping
        Of all variables and of the data set.
    variables : mapping of str to mapping
    yaml_first : bool
        Whether the description's metadata win over the file's.
    coverage : TimeRange or None
    where : str
        File and line of the description.
    """

    name: str
    path: tuple[str, ...]
    url: Template
    rule: str
    frequency: str
    listed: bool = False
    regex: re.Pattern[str] | None = None
    date_format: str | None = None
    master: str | None = None
    codec: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    yaml_first: bool = False
    coverage: TimeRange | None = None
    title: str = ""
    where: str = ""

    @property
    def id(self) -> str:
        """Path and name, as product ids have them."""
        return "/".join((*self.path, self.name))


def read_entries(
    text: str, source: str, *, replace: Mapping[str, str] | None = None, local: bool = False
) -> tuple[list[Entry], list[ConfigError], list[str]]:
    """Read the data sets of one description.

    Parameters
    ----------
    text : str
        YAML.
    source : str
        Name of the file, for messages.
    replace : mapping of str to str, optional
        Beginnings of addresses and what stands in their place (a mirror).
    local : bool
        Whether addresses may be local files.

    Returns
    -------
    entries : list of Entry
        Those without a mistake.
    mistakes : list of ConfigError
        One for each other one, or for the whole file; each names the line.
    warnings : list of str
        Keys that nobody knows.
    """
    entries: list[Entry] = []
    mistakes: list[ConfigError] = []
    warnings: list[str] = []
    try:
        root = parse(text, source)
        if not isinstance(root.data, dict):
            raise ConfigError(
                "a description is a mapping of names to data sets", source=f"{source}, line 1"
            )
    except ConfigError as error:
        return [], [error], []
    for name, value in root.data.items():
        checker = _Checker(name, value, source, replace or {}, local)
        try:
            entries.append(checker.entry())
        except ConfigError as error:
            mistakes.append(error)
        warnings += checker.warnings
    return entries, mistakes, warnings


class _Checker:
    def __init__(
        self, name: str, value: Value, source: str, replace: Mapping[str, str], local: bool
    ) -> None:
        self._name, self._value, self._source = name, value, source
        self._replace, self._local = replace, local
        self._keys: dict[str, Value] = value.data if isinstance(value.data, dict) else {}
        self.warnings: list[str] = []

    def _wrong(self, what: str, key: str | None = None, hint: str | None = None) -> ConfigError:
        at = self._keys[key] if key in self._keys and key is not None else self._value
        label = f"{self._name}: {key}: {what}" if key else f"{self._name}: {what}"
        return ConfigError(label, source=f"{self._source}, line {at.line}", hint=hint)

    def entry(self) -> Entry:
        """Return the checked data set."""
        if not isinstance(self._value.data, dict):
            raise self._wrong("a data set is a mapping of keys")
        if not self._name.strip() or "/" in self._name:
            raise self._wrong("a name is not empty and has no '/'")
        self._check_keys()
        rule = self._choice("split_rule", _RULES, None)
        # random files may lie in one folder: the frequency is then of no meaning
        frequency = self._choice("split_frequency", FREQUENCIES, "none")
        url = self._template()
        regex = self._regex()
        listed = self._boolean("use_file_list") or rule == "random"
        self._check_split(rule, frequency, url, regex)
        return Entry(
            name=self._name,
            path=tuple(p for p in self._text("inventory_path", "").split("/") if p.strip()),
            url=url,
            rule=rule,
            frequency=frequency,
            listed=listed,
            regex=regex,
            date_format=self._text("date_format", "") or None,
            master=self._address("master_cdf") or self._address("master_file"),
            codec=self._codec(),
            meta=self._mapping("meta"),
            variables=self._variables(),
            yaml_first=self._choice("meta_priority", _PRIORITIES, "file") == "yaml",
            coverage=self._coverage(),
            title=self._text("title", ""),
            where=f"{self._source}, line {self._value.line}",
        )

    def _check_keys(self) -> None:
        for key in self._keys:
            if key in _KEYS:
                continue
            close = get_close_matches(key, sorted(_KEYS), 1, cutoff=0.75)
            if close:
                raise self._wrong("no such key", key, hint=f"did you mean {close[0]!r}?")
            line = self._keys[key].line
            self.warnings.append(f"{self._source}, line {line}: {self._name}: unknown key {key!r}")
        for key in ("split_rule", "url_pattern"):
            if key not in self._keys:
                raise self._wrong(f"the key {key!r} is missing")

    def _check_split(
        self, rule: str, frequency: str, url: Template, regex: re.Pattern[str] | None
    ) -> None:
        if rule == "random" and regex is None:
            raise self._wrong(
                "'split_rule: random' needs the key 'fname_regex'",
                hint=r"for example 'data_(?P<start>\d{8})_(?P<version>v\d+)\.cdf'",
            )
        if rule == "regular" and "split_frequency" not in self._keys:
            raise self._wrong("'split_rule: regular' needs the key 'split_frequency'")
        if rule == "regular" and not url.fits(frequency):
            raise self._wrong(f"has no field that changes {frequency}", "url_pattern")

    def _text(self, key: str, default: str) -> str:
        if key not in self._keys:
            return default
        data = self._keys[key].data
        if not isinstance(data, str):
            raise self._wrong(f"{self._keys[key].plain()!r} is not a text", key)
        return data.strip()

    def _choice(self, key: str, choices: tuple[str, ...], default: str | None) -> str:
        if key not in self._keys and default is not None:
            return default
        data = self._keys[key].data
        text = "none" if data is None else str(data).strip().lower()
        if text not in choices:
            close = get_close_matches(text, choices, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"one of {', '.join(choices)}"
            raise self._wrong(f"{data!r} is not known", key, hint)
        return text

    def _boolean(self, key: str) -> bool:
        data = self._keys[key].data if key in self._keys else False
        if not isinstance(data, bool):
            raise self._wrong(f"{data!r} is neither true nor false", key)
        return data

    def _address(self, key: str) -> str | None:
        address = self._text(key, "")
        if not address:
            return None
        for begin, instead in self._replace.items():
            if address.startswith(begin):
                address = instead + address[len(begin) :]
        scheme = split_link(address).scheme
        if scheme in ("http", "https"):
            return address
        if scheme != "file" and not address.startswith("/"):
            raise self._wrong(f"{address!r} is neither http(s):// nor file://", key)
        if not self._local:
            raise self._wrong(
                "local files are not allowed", key,
                hint="the setting allow_local_files (SPZ_ALLOW_LOCAL_FILES=1) allows them",
            )  # fmt: skip
        return address

    def _template(self) -> Template:
        address = self._address("url_pattern")
        if address is None:
            raise self._wrong("is empty", "url_pattern")
        try:
            return Template.parse(address)
        except ValueError as error:
            raise self._wrong(str(error), "url_pattern") from error

    def _regex(self) -> re.Pattern[str] | None:
        text = self._text("fname_regex", "")
        if not text:
            return None
        try:
            regex = re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise self._wrong(f"not a regular expression: {error}", "fname_regex") from error
        if "start" not in regex.groupindex:
            raise self._wrong("has no group 'start'", "fname_regex",
                              hint=r"for example (?P<start>\d{8})")  # fmt: skip
        return regex

    def _codec(self) -> str | None:
        name = self._text("codec", "").lower().lstrip(".")
        if not name:
            return None
        known = codecs.names()
        # upstream names codecs by content type or ending as well
        alias = {"application/x-cdf": "cdf", "nc": "netcdf", "application/x-netcdf": "netcdf",
                 "istp_cdf": "cdf", "istp": "cdf"}.get(name, name)  # fmt: skip
        if alias not in known:
            raise self._wrong(f"{name!r} is not known", "codec", f"one of {', '.join(known)}")
        return alias

    def _mapping(self, key: str) -> dict[str, Any]:
        if key not in self._keys or self._keys[key].data is None:
            return {}
        if not isinstance(self._keys[key].data, dict):
            raise self._wrong("is not a mapping", key)
        found: dict[str, Any] = self._keys[key].plain()
        return found

    def _variables(self) -> dict[str, dict[str, Any]]:
        found = self._mapping("variables")
        for name, meta in found.items():
            if meta is None:
                found[name] = {}
            elif not isinstance(meta, dict):
                line = self._keys["variables"].data[name].line
                raise ConfigError(
                    f"{self._name}: variables: {name}: is not a mapping",
                    source=f"{self._source}, line {line}",
                )
            else:
                # upstream writes the metadata below a key of its own
                inner = meta.get("meta", meta)
                found[name] = inner if isinstance(inner, dict) else meta
        return found

    def _coverage(self) -> TimeRange | None:
        start, stop = self._text("start_date", ""), self._text("stop_date", "")
        if not start or not stop:
            return None
        try:
            return TimeRange(start, stop)
        except InvalidRequest as error:
            raise self._wrong(error.message, "start_date") from error
