"""CDAWeb's inventory: all.xml, the archive of masters, and what becomes of them."""

from __future__ import annotations

import io
import json
import math
import tarfile
from pathlib import Path

import pytest

from speasy_core.codecs.cdf import encode
from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    CorruptFile,
    ServerError,
    UnexpectedContent,
)
from speasy_core.http import Deadline
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate
from speasy_core.providers import _cda_masters
from speasy_core.providers._cda_masters import iter_masters, parse_cadence
from speasy_core.providers.cda import CdaProvider
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

REAL = {
    "AC_H0_MFI": ("ac_h0_mfi", "AC", "AC", "MFI"),
    "ELA_L1_STATE_PRED": ("ela_l1_state_pred", "Smallsats/Cubesats", "ELFIN-A", "STATE"),
    "FA_ESA_L2_EEB": ("fa_esa_l2_eeb", "FAST", "FAST", "ESA"),
    "GE_H0_CPI": ("ge_h0_cpi", "Geotail", "GEOTAIL", "CPI"),
    "SOLO_L2_RPW-LFR-SURV-SWF-E": ("solo_l2_rpw-lfr-surv-swf-e", "Solar Orbiter", "SO", "RPW"),
    "WI_SFSP_3DP": ("wi_sfsp_3dp", "Wind", "Wind", "3DP"),
}


def element(name: str, master: str, group: str, observatory: str, instrument: str) -> str:
    def label(tag: str, text: str, title: str) -> str:
        return f'<{tag} serviceprovider_ID="{text}"><description short="{title}"/></{tag}>'

    return (
        f'<dataset ID="x" serviceprovider_ID="{name}" timerange_start="1997-09-02 00:00:12" '
        'timerange_stop="2024-01-01 15:54:11">'
        + label("mission_group", group, group)
        + label("observatory", observatory, f"{observatory} spacecraft")
        + label("instrument", instrument, "(None) ")
        + '<instrument_type serviceprovider_ID="Magnetic Fields (space)"/>'
        + '<data_producer name="N. Ness" affiliation="Bartol" title="None"/>'
        + f'<description short="{name} data   set"/>'
        + (f'<mastercdf serviceprovider_ID="https://h/m/{master}"/>' if master else "")
        + f'<access filenaming="{name.lower()}_%Y%m%d_%Q.cdf" subdividedby="%Y">'
        + "<URL>https://h/pub/data/x</URL></access></dataset>"
    )


def catalogue(*elements: str, extra: str = "") -> bytes:
    inside = "".join(elements)
    return (
        '<?xml version="1.0"?><cdas:sites xmlns:cdas="cdas"><datasite ID="CDAWeb_FTP">'
        f'{extra}</datasite><datasite ID="CDAWeb_HTTPS">{inside}</datasite></cdas:sites>'
    ).encode()


def tar(files: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
        for member in more:
            archive.addfile(member)
    return stream.getvalue()


@pytest.fixture
def provider(http) -> CdaProvider:
    return CdaProvider(Settings(cda_url="http://h/cdaweb", cda_archive_url="http://h/spdf"), http)


def load(provider: CdaProvider, since: str | None = None) -> InventoryUpdate | None:
    return provider.inventory(deadline=Deadline(30), since=since)


def serve(http, xml: bytes, masters: bytes, version: str = "one") -> None:
    http.set("/spdf/pub/catalogs/all.xml", xml, last_modified=version)
    http.set("/spdf/pub/software/cdawlib/0MASTERS/master.tar", masters, last_modified="tar")


def small_master(name: str = "b") -> bytes:
    return encode([SpeasyVariable(["2020-01-01"], [1.0], name=name, unit="nT")])


@pytest.fixture
def real(provider, http, shared_data: Path) -> dict[str, ProductInfo]:
    masters = shared_data / "cda" / "masters"
    files = {f"0MASTERS/{p.name}": p.read_bytes() for p in sorted(masters.glob("*.cdf"))}
    serve(http, catalogue(*(
        element(name, f"{file}_00000000_v01.cdf", *rest) for name, (file, *rest) in REAL.items()
    )), tar(files))  # fmt: skip
    update = load(provider)
    assert update.warnings == ()
    return {"/".join(record.path): record for record in update.records}


def test_real_masters_become_products(real):
    field = real["ACE/MFI/AC_H0_MFI/BGSEc"]
    assert field.ref == ProductRef("cda", "AC_H0_MFI/BGSEc")
    assert (field.kind, field.unit, field.cadence) == ("vector", "nT", 16.0)
    assert field.title == "Magnetic Field Vector in GSE Cartesian coordinates (16 sec)"
    assert field.coverage == TimeRange("1997-09-02T00:00:12", "2024-01-01T15:54:12")
    assert field.meta["LABELS"] == ["Bx GSE", "By GSE", "Bz GSE"]
    assert field.meta["SHAPE"] == [3]
    assert real["ACE/MFI/AC_H0_MFI/Magnitude"].kind == "scalar"
    assert "ACE/MFI/AC_H0_MFI/label_BGSE" not in real
    assert "ACE/MFI/AC_H0_MFI/Q_FLAG" not in real, "support data is no product"


def test_dataset_records_say_whose_data_it_is(real):
    dataset = real["ACE/MFI/AC_H0_MFI"]
    assert (dataset.kind, dataset.ref) == ("dataset", ProductRef("cda", "AC_H0_MFI"))
    assert dataset.title == "AC_H0_MFI data set"
    meta = dataset.meta
    assert meta["spase_DatasetResourceID"] == "spase://NASA/NumericalData/ACE/MAG/L2/PT16S"
    assert meta["Acknowledgement"].startswith("Please acknowledge the Principal Investigator")
    assert meta["Rules_of_use"].startswith("See the rules of use")
    assert meta["data_producer"] == "N. Ness"
    assert meta["filenaming"] == "ac_h0_mfi_%Y%m%d_%Q.cdf"
    assert meta["instrument_type"] == ["Magnetic Fields (space)"]
    assert "Generation_date" not in meta
    assert "DOI" not in real["Geotail/CPI/GE_H0_CPI"].meta, "a blank is nothing"


def test_folders_and_aliases(real):
    assert real["ACE"].title == "AC spacecraft"
    assert real["ACE"].kind == "folder"
    assert "Smallsats/Cubesats/ELFIN-A/STATE/ELA_L1_STATE_PRED" in real
    assert "Wind/3DP/WI_SFSP_3DP" in real
    assert "Solar Orbiter/SO/RPW/SOLO_L2_RPW-LFR-SURV-SWF-E" in real


def test_kinds_units_and_cadences_from_real_masters(real):
    flux = [r for p, r in real.items() if p.startswith("Wind/3DP/WI_SFSP_3DP/")]
    assert {r.kind for r in flux} >= {"spectrogram"}
    assert real["Wind/3DP/WI_SFSP_3DP"].cadence == 24.0, "from the SPASE id"
    assert real["FAST/ESA/FA_ESA_L2_EEB"].cadence == pytest.approx(0.156)
    polar = real["Geotail/CPI/GE_H0_CPI/SW_V"]
    assert polar.kind == "vector"
    assert polar.unit not in ("", None), "from UNIT_PTR"
    waves = real["Solar Orbiter/SO/RPW/SOLO_L2_RPW-LFR-SURV-SWF-E/VDC"]
    assert (waves.kind, waves.meta["SHAPE"]) == ("multicomponent", [2048, 3])


def test_all_metadata_is_json(real):
    for record in real.values():
        text = json.dumps(record.meta, allow_nan=False)
        assert json.loads(text) == record.meta
        assert record.cadence is None or math.isfinite(record.cadence)


def test_unchanged_archive_is_told_by_two_small_questions(provider, http):
    serve(http, catalogue(element("A", "a.cdf", "G", "O", "I")), tar({"a.cdf": small_master()}))
    update = load(provider)
    assert update.version == "one | tar"
    http.asked.clear()
    assert load(provider, since=update.version) is None
    assert [method for method, *_ in http.asked] == ["HEAD", "HEAD"]
    serve(http, catalogue(), tar({}), version="two")
    assert load(provider, since=update.version).version == "two | tar"


def test_archive_without_dates_is_always_read(provider, http):
    http.set("all.xml", catalogue())
    http.set("master.tar", tar({}))
    assert load(provider).version == ""
    assert load(provider, since="") is not None


def test_broken_and_missing_masters_leave_the_dataset_listed(provider, http):
    whole = small_master()
    serve(http, catalogue(
        element("CUT", "cut.cdf", "G", "O", "I"),
        element("GONE", "gone.cdf", "G", "O", "I"),
        element("GOOD", "good.cdf", "G", "O", "I"),
        element("FILM", "", "G", "O", "I").replace(".cdf", ".mpg"),
        element("BARE", "", "G", "O", "I"),
    ), tar({"cut.cdf": whole[:-100], "good.cdf": whole}))  # fmt: skip
    update = load(provider)
    paths = ["/".join(record.path) for record in update.records]
    assert paths == ["G/O", "G/O/I/BARE", "G/O/I/CUT", "G/O/I/GONE", "G/O/I/GOOD", "G/O/I/GOOD/b"]
    bare, cut, gone = update.warnings
    assert cut.startswith("CUT: its master cut.cdf cannot be used: ")
    assert "not in the archive of masters" in gone
    assert bare == "BARE: it has no master"
    assert "cut.cdf" in update.records[2].meta["warning"]


def test_datasets_are_listed_once_and_https_counts(provider, http):
    again = element("A", "a.cdf", "Other", "O", "I")
    xml = catalogue(element("A", "a.cdf", "G", "O", "I"), extra=again + again)
    serve(http, xml, tar({"a.cdf": small_master()}))
    assert [r.path for r in load(provider).records if r.kind == "dataset"] == [("G", "O", "I", "A")]


def test_times_that_make_no_sense_are_no_coverage(provider, http):
    text = element("A", "a.cdf", "G", "O", "I")
    backwards = text.replace("2024-01-01 15:54:11", "1990-01-01 00:00:00")
    empty = text.replace('"A"', '"B"').replace("2024-01-01 15:54:11", "")
    serve(http, catalogue(backwards, empty), tar({"a.cdf": small_master()}))
    assert {r.coverage for r in load(provider).records} == {None}


def test_links_folders_and_odd_names_in_the_tar_are_only_labels():
    link = tarfile.TarInfo("evil.cdf")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard = tarfile.TarInfo("hard.cdf")
    hard.type, hard.linkname = tarfile.LNKTYPE, "a.cdf"
    folder = tarfile.TarInfo("folder.cdf")
    folder.type = tarfile.DIRTYPE
    body = tar({"../../X.CDF": b"1", "/abs/y.cdf": b"2", "c:\\z.cdf": b"3", "n.txt": b"4"},
               link, hard, folder)  # fmt: skip
    found = dict(iter_masters(body, source="t"))
    assert found == {"x.cdf": b"1", "y.cdf": b"2", "z.cdf": b"3"}


def test_cut_and_foreign_tars_are_corrupt():
    body = tar({"a.cdf": b"x" * 5000})
    for data in (body[:3000], b"no tar at all" * 100, b""):
        with pytest.raises(CorruptFile, match=r"not a whole tar.*master\.tar"):
            list(iter_masters(data, source="master.tar"))


def test_tar_with_too_much_in_it_is_refused(monkeypatch):
    monkeypatch.setattr(_cda_masters, "MAX_MASTER", 10)
    with pytest.raises(UnexpectedContent, match="a\\.cdf"):
        list(iter_masters(tar({"a.cdf": b"x" * 11}), source="t"))
    monkeypatch.setattr(_cda_masters, "MAX_MASTERS", 1)
    with pytest.raises(UnexpectedContent):
        list(iter_masters(tar({"a.cdf": b"", "b.cdf": b""}), source="t"))


def test_page_in_place_of_the_list(provider, http):
    serve(http, b"<!DOCTYPE html><html><title>Maintenance</title></html>", tar({}))
    with pytest.raises(UnexpectedContent, match="Maintenance"):
        load(provider)
    serve(http, b'<!DOCTYPE sites [<!ENTITY x "y">]><sites/>', tar({}))
    with pytest.raises(UnexpectedContent, match="document type"):
        load(provider)
    http.answers.clear()
    with pytest.raises(ServerError):
        load(provider)


def test_reading_can_be_cancelled(provider, http):
    serve(http, catalogue(), tar({}))
    deadline = Deadline(10)
    deadline.cancel()
    with pytest.raises(Cancelled):
        provider.inventory(deadline=deadline)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("16 second", 16), ("4 minutes", 240), ("1s", 1), ("1 hour", 3600), ("hourly", 3600),
     ("1-min", 60), ("0.25 sec.", 0.25), ("62.5 ms", 0.0625), ("~3 s", 3), ("1 day", 86400),
     ("Variable", None), ("3 s, 12 s", None), ("spin", None), ("minute", None), ("0 s", None),
     (" ", None), (["1 s", "2 s"], None), ("1 year", None)],
)  # fmt: skip
def test_cadence_where_it_is_clear(text, seconds):
    assert parse_cadence({"Time_resolution": text}) == seconds
