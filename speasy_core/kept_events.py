"""Time tables and catalogues of archives on disk, for when their server is not asked."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from .events import Catalog, TimeTable

__all__ = ["KeptEvents"]

_log = logging.getLogger(__name__)
_KINDS: dict[str, type[TimeTable] | type[Catalog]] = {"TimeTable": TimeTable, "Catalog": Catalog}
_FORMAT = 1
_MOST = 1000  # tables; the oldest go


class KeptEvents:
    """One file for each table, of the newest state that was received.

    Parameters
    ----------
    folder : Path
        Made when the first table is kept.

    Examples
    --------
    >>> import tempfile
    >>> kept = KeptEvents(Path(tempfile.mkdtemp()))
    >>> kept.keep("https://amda", "amda/tt_0", TimeTable("storms", None, [("2015", "2016")]))
    >>> table, received = kept.find("https://amda", "amda/tt_0")
    >>> table.name, kept.find("https://another", "amda/tt_0")
    ('storms', None)
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, source: str, name: str, table: TimeTable | Catalog) -> None:
        """Keep a table; where that is not possible the log says so, and nothing else happens.

        Parameters
        ----------
        source : str
            The server, and whose table it is where users see different ones.
        name : str
            The product id.
        table : TimeTable or Catalog
        """
        document = {
            "format": _FORMAT,
            "source": source,
            "name": name,
            "kind": type(table).__name__,
            "received": time.time(),
            "table": table.to_dict(),
        }
        try:
            text = json.dumps(document, default=_plain)
            self._write(self._file(source, name), text)
        except (OSError, TypeError, ValueError) as error:
            _log.warning("%s cannot be kept on disk: %s", name, error)

    def find(self, source: str, name: str) -> tuple[TimeTable | Catalog, str] | None:
        """Return a table and when it was received (ISO 8601, UTC); None where none is kept."""
        try:
            document = json.loads(self._file(source, name).read_text(encoding="utf-8"))
            if (document["format"], document["source"], document["name"]) != (
                _FORMAT, source, name,
            ):  # fmt: skip
                return None
            table = _KINDS[document["kind"]].from_dict(document["table"])
            received = datetime.fromtimestamp(document["received"], UTC)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            # a file that cannot be read is as good as none
            _log.info("%s is not read from disk: %r", name, error)
            return None
        return table, received.isoformat(timespec="seconds").replace("+00:00", "Z")

    def _file(self, source: str, name: str) -> Path:
        digest = blake2b(f"{source}\n{name}".encode(), digest_size=16).hexdigest()
        return self._folder / f"{digest}.json"

    def _write(self, file: Path, text: str) -> None:
        """Write beside and rename, so that nobody ever reads half a table."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
            os.replace(new, file)
        except BaseException:
            Path(new).unlink(missing_ok=True)
            raise
        self._drop_old()

    def _drop_old(self) -> None:
        files = list(self._folder.glob("*.json"))
        if len(files) <= _MOST:
            return
        with suppress(OSError):  # another process may be at it, too
            for file in sorted(files, key=lambda f: f.stat().st_mtime)[: len(files) - _MOST]:
                file.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """Return numbers and arrays of numpy as JSON has them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r:.60} is not for JSON")
