"""A folder of real CDF files, grouped into data sets."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from speasy_core.errors import CorruptFile, SpeasyError, UnsupportedFormat
from speasy_core.timerange import TimeRange

from . import _cut, _filenames
from ._kinds import of_kind
from ._source import Source
from .holdings import (
    Answer,
    ArchiveError,
    ChunkSource,
    Description,
    NoData,
    SourceFile,
    TooLarge,
    UnknownVariable,
    VariableInfo,
    mangle,
    stamp,
)

__all__ = ["FolderDataset", "scan"]

log = logging.getLogger(__name__)

_CHUNK = 1 << 20
_MAX_ANSWER = 2_000_000_000
# what a file may raise that is whole on the outside: the reader's errors, and the writer's
_BROKEN = (CorruptFile, UnsupportedFormat, ValueError, RuntimeError)


@dataclass(frozen=True)
class _File:
    path: Path
    named: _filenames.FileName
    size: int
    modified_ns: int
    dataset: str
    span: TimeRange | None = None
    fault: str | None = None

    def load(self) -> Source:
        return Source(self.path.read_bytes(), self.path.name)

    def chunks(self) -> Iterator[bytes]:
        if not self.size:
            return  # one that may not be opened, too
        with self.path.open("rb") as stream:
            while block := stream.read(_CHUNK):
                yield block

    def touches(self, wanted: TimeRange) -> bool:
        # a damaged file without a time in its name may hold anything
        return self.fault is not None if self.span is None else self.span.overlaps(wanted)


def _span(source: Source) -> TimeRange | None:
    low, high = [], []
    for name in source.time_names():
        ns, good = source.times(name)
        if good.any():
            low.append(int(ns[good].min()))
            high.append(int(ns[good].max()) + 1)
    return TimeRange.from_ns(min(low), max(high)) if low else None


def _read(path: Path) -> _File:
    """List one file; whatever is wrong with it becomes its `fault`."""
    stat, named = path.stat(), _filenames.parse(path)
    file = _File(path, named, stat.st_size, stat.st_mtime_ns, named.dataset)
    try:
        source = file.load()
        # files of Cluster's archive name their data set otherwise
        logical = (source.global_text("Logical_source") or source.global_text("DATASET_ID")).upper()
        span = None if named.is_master else _span(source)
    except OSError as error:
        log.warning("%s cannot be opened (%s): it is listed, and served empty", path, error)
        return replace(file, fault=f"cannot be opened: {error.strerror}", size=0)
    except (CorruptFile, UnsupportedFormat) as error:
        log.warning("%s is damaged (%s): it is listed and served as it is", path, error.message)
        return replace(file, fault=error.message)
    # a name is a file name's part and a path segment of a URL: nothing else may be in it
    dataset = logical if re.fullmatch(r"[\w.+-]+", logical) else named.dataset
    return replace(file, dataset=dataset, span=span)


def _with_spans(files: list[_File]) -> list[_File]:
    """Give files that hold no time the range that their name stands for."""
    starts = sorted(f.named.start_ns for f in files if f.named.start_ns is not None)
    out = []
    for file in files:
        if file.span is None and file.named.start_ns is not None:
            later = next((s for s in starts if s > file.named.start_ns), None)
            file = replace(file, span=file.named.until(later))
        out.append(file)
    return sorted(out, key=lambda f: (f.span.start_ns if f.span else 0, f.path.name))


def _newest(files: list[_File]) -> list[_File]:
    """Keep the highest version of each file: names that differ in anything else are two files."""
    best: dict[tuple[_filenames.FileName, TimeRange | None], _File] = {}
    for file in sorted(files, key=lambda f: _filenames.version_key(f.named.version)):
        dated = file.named.start_ns is not None
        # names without a date recur in other folders, for other times
        one = (replace(file.named, version=""), None if dated else file.span)
        other = best.get(one)
        if other is not None and other.named.version == file.named.version:
            log.warning("%s and %s have one name: the second is served", other.path, file.path)
        best[one] = file
    return list(best.values())


def scan(folder: Path) -> list[FolderDataset]:
    """Find the CDF files under `folder` and group them into data sets.

    Parameters
    ----------
    folder : Path
        Searched recursively for files that are CDF by their content or their ending. A data set
        is named by the global attribute ``Logical_source`` or ``DATASET_ID`` in upper case, else
        by the file name. Names with a date of zeros are masters.

    Returns
    -------
    list of FolderDataset
        Sorted by id; data sets of which there is only a master are left out.
    """
    groups: dict[str, list[_File]] = {}
    masters: dict[str, _File] = {}
    for path in of_kind(folder, "cdf"):
        file = _read(path)
        if file.named.is_master:
            if file.fault is None:
                masters[file.dataset] = file
        else:
            groups.setdefault(file.dataset, []).append(file)
    return [
        FolderDataset(name, _with_spans(_newest(files)), masters.get(name))
        for name, files in sorted(groups.items())
    ]


class FolderDataset:
    """One data set of a folder; a :class:`~speasy_core.demo.holdings.Holding`.

    A request that touches a damaged file is answered with the bytes of that file, under its own
    name: a client of a real server that hands out a damaged file sees the same. A variable that
    the data set does not have is unknown in any range.
    """

    def __init__(self, name: str, files: Sequence[_File], master: _File | None) -> None:
        self._name, self._files, self._master_file = name, list(files), master
        self._sample: _File | None = None
        self._master = b""
        source = None
        for index, file in enumerate(self._files):
            if file.fault is None and self._sample is None:
                try:
                    source = (master or file).load()
                    self._master = (
                        master.path.read_bytes() if master is not None else _cut.empty_copy(source)
                    )
                    self._sample = file
                except _BROKEN as error:
                    source = None
                    self._files[index] = replace(file, fault=f"cannot be decoded: {error}")
                    log.warning("%s cannot be decoded: %s", file.path, error)
        self._description = _describe(name, source, self._files)
        self._variables = _list_variables(source) if source is not None else []
        names = list(source) if source is not None else []
        self._names = frozenset(names) | {mangle(name) for name in names}

    @property
    def description(self) -> Description:
        """Texts for the catalogues, from the attributes of the master or of the first file."""
        return self._description

    @property
    def span(self) -> TimeRange | None:
        """First to last sample of all files."""
        spans = [f.span for f in self._files if f.span is not None]
        if not spans:
            return None
        return TimeRange.from_ns(min(s.start_ns for s in spans), max(s.stop_ns for s in spans))

    @property
    def modified_ns(self) -> int:
        """Age of the newest file."""
        return max(f.modified_ns for f in self._files)

    @property
    def master_name(self) -> str | None:
        """The master's file name; None when every file is damaged."""
        if self._master_file is not None:
            return self._master_file.path.name
        return f"{self._name.lower()}_00000000_v01.cdf" if self._master else None

    def master(self) -> bytes:
        """Return the master CDF."""
        return self._master

    def variables(self) -> Sequence[VariableInfo]:
        """Return the data variables."""
        return self._variables

    def intervals(self) -> Sequence[TimeRange]:
        """Return the ranges of the files, joined where they touch."""
        joined: list[TimeRange] = []
        for span in (f.span for f in self._files if f.span is not None):
            if joined and span.start_ns <= joined[-1].stop_ns:
                stop = max(span.stop_ns, joined[-1].stop_ns)
                joined[-1] = TimeRange.from_ns(joined[-1].start_ns, stop)
            else:
                joined.append(span)
        return joined

    def files(self, wanted: TimeRange | None) -> Sequence[SourceFile]:
        """Return the files that touch `wanted`."""
        everything = TimeRange("1970-01-01", "2100-01-01")
        return [
            SourceFile(f.path.name, f.span or everything, f.size, f.modified_ns)
            for f in self._files
            if wanted is None or f.touches(wanted)
        ]

    def read_file(self, name: str) -> ChunkSource | None:
        """Return the bytes of the file called `name`."""
        return next((f.chunks for f in self._files if f.path.name == name), None)

    def _resolve(self, asked: Sequence[str], sources: Sequence[Source]) -> list[str]:
        known = {mangle(n): n for source in sources for n in source}
        known |= {n: n for source in sources for n in source}
        listed = {v.name for v in self._variables}
        names = []
        for name in asked:
            if name in known:
                names.append(known[name])
            elif name not in listed:
                raise self._unknown(name)
        return names

    def _unknown(self, name: str) -> UnknownVariable:
        return UnknownVariable(f"variable {name} not found in dataset {self._name}")

    def _damaged(self, file: _File, asked: Sequence[str], wanted: TimeRange) -> Answer:
        """Return a damaged file as it is; where every file is damaged nothing is known of names."""
        missing = {name for name in asked if self._names and name not in self._names}
        for other in self._files if missing else ():
            with suppress(OSError, *_BROKEN):
                names = list(other.load()) if other.fault is None else []
                missing -= {*names, *map(mangle, names)}
        if missing:
            raise self._unknown(min(missing))
        return Answer(file.path.name, file.span or wanted, file.size, file.modified_ns, file.chunks)

    def answer(self, variables: Sequence[str], wanted: TimeRange, *, mangled: bool) -> Answer:
        """Return a CDF of `variables` in `wanted`, or the damaged file that `wanted` touches."""
        closed = TimeRange.from_ns(wanted.start_ns, wanted.stop_ns + 1)
        touched = [f for f in self._files if f.touches(closed)]
        bad = next((f for f in touched if f.fault is not None), None)
        if bad is not None:
            return self._damaged(bad, variables, wanted)
        if sum(f.size for f in touched) > _MAX_ANSWER:
            raise TooLarge(f"the {len(touched)} files of this range hold more than 2 GB")
        sources = []
        try:
            sources = [f.load() for f in touched]
            known = sources or ([self._sample.load()] if self._sample else [])
            names = self._resolve(variables, known)
            joined = _cut.cut(sources, names, wanted, mangled=mangled) if sources else None
        except _BROKEN as error:
            # sound on the outside and not within: the client gets the file that does not decode
            culprit = next((f for f in touched if f.path.name == _error_source(error)), None)
            if culprit is None:
                raise ArchiveError(f"cannot cut {', '.join(variables)}: {error}") from error
            log.warning("%s is damaged: %s", culprit.path, error)
            return self._damaged(culprit, variables, wanted)
        if joined is None or not any(joined.rows.values()) or joined.span is None:
            raise NoData("No data available.")
        body = joined.to_bytes()
        first, last = joined.span.start_ns, joined.span.stop_ns - 1
        return Answer(
            f"{self._name.lower()}_{stamp(first)}_{stamp(last)}_cdaweb.cdf",
            wanted,
            len(body),
            max(f.modified_ns for f in touched),
            lambda: iter((body,)),
            tuple(joined.warnings),
            held=len(body),
        )


def _error_source(error: Exception) -> str | None:
    """Return the file name that an error of the codec carries."""
    return error.source if isinstance(error, SpeasyError) else None


def _list_variables(source: Source) -> list[VariableInfo]:
    out = []
    for name in source:
        texts = source.texts(name)
        role = texts.get("VAR_TYPE", texts.get("PARAMETER_TYPE", "")).lower()
        is_data = role == "data" or (not role and "DEPEND_0" in texts)
        if is_data and not source.is_text(name):
            title = texts.get("FIELDNAM", name)
            out.append(VariableInfo(name, title, texts.get("CATDESC", title)))
    return out


def _describe(name: str, source: Source | None, files: Sequence[_File]) -> Description:
    naming = _naming(files)
    if source is None:
        first = files[0]
        title = f"{first.path.name} (damaged: {first.fault or ''})"
        return Description(name, title=title, file_naming=naming or first.path.name)

    text = source.global_text

    def split(key: str) -> tuple[str, str]:
        short, _, long = text(key).partition(">")
        return short.strip(), long.strip()

    spacecraft, source_title = split("Source_name")
    instrument, instrument_title = split("Descriptor")
    kinds = text("Instrument_type")
    title = text("Logical_source_description") or text("TITLE") or name
    pi_name, pi_place = text("PI_name"), text("PI_affiliation")
    observatory = spacecraft or name.partition("_")[0]
    return Description(
        id=name,
        title=f"{title} - {pi_name} ({pi_place})" if pi_name else title,
        group=text("Mission_group") or source_title or observatory,
        observatory=observatory,
        observatory_title=source_title or observatory,
        instrument=instrument or kinds or "unknown",
        instrument_title=instrument_title or instrument or kinds,
        instrument_types=(kinds,) if kinds else (),
        pi_name=pi_name,
        pi_affiliation=pi_place,
        notes=text("TEXT"),
        spase_id=text("spase_DatasetResourceID"),
        file_naming=naming,
    )


def _naming(files: Sequence[_File]) -> str:
    """Return the naming rule of the files, as catalogues write it; empty when they differ."""
    rules = set()
    for file in files:
        match = re.fullmatch(r"(.+?)_(\d{8})(\d{6})?(?:_([vV])[\d.]+\w*)?\.cdf", file.path.name)
        if match is None:
            return ""
        clock = "%H%M%S" if match[3] else ""
        rules.add(f"{match[1]}_%Y%m%d{clock}" + ("_%Q.cdf" if match[4] else ".cdf"))
    return rules.pop() if len(rules) == 1 else ""
