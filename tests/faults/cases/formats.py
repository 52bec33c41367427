"""Damaged files and documents: CDF, XML, VOTable, CEF, archives of files."""

from __future__ import annotations

import io
import tarfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import speasy_core as spz
from tests.faults.world import CDA, START, STOP, Asked, World

from .base import Area
from .transport import BODY, SSC, SSC_ASK

area = Area("files and documents")
fault = area.fault
CSA = "csa/C1_CP_FGM_SPIN/B_vec_xyz_gse__C1_CP_FGM_SPIN"
CSA_BODY = "/csa-sl-tap/data"
CSA_ASK = {"product": CSA}


def _put(at: int, value: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body[:at] + value + body[at + len(value) :]


fault("CDF cut in half, its length right", "E", "C", match=BODY,
      change=lambda b: b[: len(b) // 2])  # fmt: skip
fault("CDF with bytes after its end", "R", match=BODY, change=lambda b: b + b"x" * 100)
fault("CDF whose first record lies outside", "E", match=BODY,
      change=_put(20, (2**62).to_bytes(8, "big")))  # fmt: skip
fault("CDF whose magic number is another", "E", match=BODY, change=_put(0, b"\x00\x01\x02\x03"))
fault("CDF of zeros behind its magic number", "E", match=BODY,
      change=lambda b: b[:8] + bytes(len(b) - 8))  # fmt: skip
fault("CDF whose records are all ones", "E", match=BODY,
      change=lambda b: b[:400] + b"\xff" * (len(b) - 400))  # fmt: skip
fault("CDF of another data set", "E", match=BODY, change=lambda b: b.replace(b"BGSEc", b"XGSEx"))

_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 12)
    )
    + b"]><x>&l;</x>"
)  # fmt: skip
_QUADRATIC = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 50_000 + b'">]><x>'
    + b"&a;" * 50_000 + b"</x>"
)  # fmt: skip
_XXE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
for _name, _text in (
    ("billion laughs", _LAUGHS), ("quadratic entities", _QUADRATIC),
    ("XML that reads a local file", _XXE),
    ("XML 200,000 levels deep", b"<a>" * 200_000 + b"</a>" * 200_000),
    ("XML in UTF-7", b'<?xml version="1.0" encoding="utf-7"?><x/>'),
    ("XML of another kind", b'<?xml version="1.0"?><Response><Nothing/></Response>'),
):  # fmt: skip
    peer = "E" if _name in ("billion laughs", "XML that reads a local file") else ""
    fault(_name, "E", peer, ask=SSC_ASK, match=SSC, body=_text, content_type="application/xml")


# -- archives of files ---------------------------------------------------------------------------
def _more(members: Callable[[tarfile.TarFile], None], *, keep: bool) -> Callable[[bytes], bytes]:
    """Return what adds members before those of a gzipped tar."""

    def change(body: bytes) -> bytes:
        out = io.BytesIO()
        with (
            tarfile.open(fileobj=io.BytesIO(body)) as old,
            tarfile.open(fileobj=out, mode="w:gz") as new,
        ):
            members(new)
            for member in old if keep else ():
                new.addfile(member, old.extractfile(member) if member.isreg() else None)
        return out.getvalue()

    return change


def _evil(folder: Path, kind: str) -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(f"../../../../../../../..{folder}/canary")
        if kind == "path":
            member.size = 4
            tar.addfile(member, io.BytesIO(b"evil"))
            absolute = tarfile.TarInfo(f"{folder}/canary")
            absolute.size = 4
            tar.addfile(absolute, io.BytesIO(b"evil"))
        else:
            types = {"symlink": tarfile.SYMTYPE, "device": tarfile.CHRTYPE}
            member = tarfile.TarInfo("data/C1_CP_FGM_SPIN.cdf")
            member.type, member.linkname = types[kind], "/etc/passwd"
            tar.addfile(member)

    return add


for _kind, _text in (("path", "../ in the name"), ("symlink", "a symbolic link"),
                     ("device", "a device")):  # fmt: skip

    @area.case(f"tar with {_text} beside the data", "R", "" if _kind == "device" else "X")
    def _(world: World, kind: str = _kind) -> Asked:
        world.fault(match=CSA_BODY, change=_more(_evil(world.folder, kind), keep=True))
        return world.ask(CSA)

    @area.case(f"tar with {_text} in place of the data", "E")
    def _(world: World, kind: str = _kind) -> Asked:
        world.fault(match=CSA_BODY, change=_more(_evil(world.folder, kind), keep=False))
        return world.ask(CSA)


fault("tar cut, its length right", "E", ask=CSA_ASK, match=CSA_BODY,
      change=lambda b: b[: len(b) // 2])  # fmt: skip
fault("tar cut once, no length", "R", ask=CSA_ASK, match=CSA_BODY, times=1, cut=2000,
      cut_silently=True)  # fmt: skip
fault("tar that is empty", "E", ask=CSA_ASK, match=CSA_BODY,
      change=_more(lambda tar: None, keep=False))  # fmt: skip


# -- local files ---------------------------------------------------------------------------------
def _read(world: World, name: str, data: bytes) -> Asked:
    """Read a file by the public `read_file`."""
    file = world.folder / name
    file.write_bytes(data)
    asked = Asked(CDA, START, STOP, 5.0, truth=())
    began = time.monotonic()
    with warnings.catch_warnings(record=True):
        try:
            asked.result = spz.read_file(file)
        except spz.errors.SpeasyError as error:
            asked.error = error.locate(product=str(file), range="all")
        except Exception as error:  # noqa: BLE001 - it is what is judged
            asked.error = error
    asked.seconds = time.monotonic() - began
    if asked.error is None:
        asked.died = "read as if it were whole"  # shows as the worst class
    return asked


_CEF = b"""! -- a file --
FILE_NAME="x.cef"
FILE_FORMAT_VERSION="CEF-2.0"
END_OF_RECORD_MARKER="$"
START_VARIABLE=time_tags__X
  VALUE_TYPE=ISO_TIME
END_VARIABLE=time_tags__X
START_VARIABLE=b__X
  VALUE_TYPE=FLOAT
  DEPEND_0=time_tags__X
END_VARIABLE=b__X
DATA_UNTIL="END_OF_DATA"
2019-01-01T00:00:00Z, 1.25 $
2019-01-01T00:00:01Z, 2.25 $
END_OF_DATA
"""
_VOTABLE = b"""<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE><TABLE><FIELD name="t" datatype="char" arraysize="*" xtype="timestamp"/>
<FIELD name="b" datatype="double"/><DATA><TABLEDATA>
<TR><TD>2019-01-01T00:00:00</TD><TD>1.25</TD></TR><TR><TD>2019-01-01T00:00:01</TD><TD>2.25</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
"""
_LOCAL = (
    ("CEF file cut in a number", "x.cef", _CEF[:-18]),
    ("CEF file without its last line", "x.cef", _CEF[:-12]),
    ("VOTable file cut in a row", "x.vot", _VOTABLE[:-80]),
    ("VOTable file with entities", "x.vot", _LAUGHS.replace(b"x>", b"VOTABLE>")),
)
for _name, _file, _data in _LOCAL:

    @area.case(_name, "E")
    def _(world: World, file: str = _file, data: bytes = _data) -> Asked:
        return _read(world, file, data)
