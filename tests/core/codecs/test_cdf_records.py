"""The structural check: what is damaged is refused, what is whole passes."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pycdfpp
import pytest
from cdfs import TRUNCATED, Maker, real_files, times

from speasy_core.codecs._cdf_inflate import GZIP, RLE, inflate
from speasy_core.codecs.cdf import CdfFile, check
from speasy_core.errors import CorruptFile, UnsupportedFormat


@pytest.fixture(scope="module")
def small() -> bytes:
    gzip_ = {"compression": pycdfpp.CompressionType.gzip_compression}
    make = Maker(Project="test")
    make.put("Epoch", times(300), VAR_TYPE="support_data")
    make.put("b", np.arange(900, dtype="f4").reshape(300, 3), VAR_TYPE="data", DEPEND_0="Epoch")
    make.put("z", np.zeros(300), options=gzip_, VAR_TYPE="data", DEPEND_0="Epoch")
    return make.bytes()


def patched(data: bytes, at: int, layout: str, value: int) -> bytes:
    out = bytearray(data)
    struct.pack_into(">" + layout, out, at, value)
    return bytes(out)


def records(data: bytes, kind: int) -> list[int]:
    """Return where records of one type begin, following sizes from the first record on."""
    found, at = [], 8
    while at + 12 <= len(data):
        size, record_type = struct.unpack_from(">qi", data, at)
        if record_type == kind:
            found.append(at)
        if size <= 0:
            break
        at += size
    return found


def test_every_real_file_passes_but_the_cut_one(shared_data: Path) -> None:
    for path in real_files(shared_data):
        if path.name != TRUNCATED:
            check(path.read_bytes(), path.name)


def test_the_truncated_download_is_refused_by_name(shared_data: Path) -> None:
    path = next(shared_data.rglob(TRUNCATED))
    with pytest.raises(CorruptFile, match=r"2,244,608 bytes of 2,249,370") as caught:
        check(path.read_bytes(), path.name)
    assert TRUNCATED in str(caught.value)
    assert caught.value.source == TRUNCATED


def test_rule_06_every_cut_is_found(small: bytes) -> None:
    for length in range(len(small)):
        with pytest.raises(CorruptFile):
            check(small[:length], "cut.cdf")


def test_padding_behind_the_end_is_accepted(small: bytes) -> None:
    check(small + bytes(420), "padded.cdf")


def test_version_2_files_are_walked(shared_data: Path) -> None:
    for name, variables in (("ac_h2_sis_20101105_v06.cdf", 61), ("ge_k0_cpi_19921231_v02.cdf", 25)):
        path = next(shared_data.rglob(name))
        assert len(CdfFile(path.read_bytes(), name).names) == variables
        with pytest.raises(CorruptFile, match="cut short"):
            check(path.read_bytes()[:90_000], name)


def test_checksum_finds_a_flipped_bit_inside_values(shared_data: Path) -> None:
    path = next(shared_data.rglob("solo_l2_mag-rtn-normal-1-minute_20210711_v01.cdf"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(CorruptFile, match="checksum"):
        check(bytes(data), path.name)


def test_whole_file_compression(shared_data: Path) -> None:
    path = next(shared_data.rglob("fa_esa_l2_eeb_00000000_v01.cdf"))
    data = path.read_bytes()
    assert len(CdfFile(data, path.name).names) == 59
    usize = struct.unpack_from(">q", data, 8 + 20)[0]
    with pytest.raises(CorruptFile):
        check(patched(data, 8 + 20, "q", usize - 1), path.name)
    with pytest.raises(CorruptFile, match="compressed bytes are said to hold"):
        check(patched(data, 8 + 20, "q", 2**32), path.name)
    with pytest.raises(CorruptFile):
        check(data[:-30_000], path.name)


@pytest.mark.parametrize("value", [0, 3, -1, 2**62, 2**63 - 1, -(2**63)])
def test_offsets_out_of_bounds(small: bytes, value: int) -> None:
    gdr, vdr = records(small, 2)[0], records(small, 8)[0]
    for at in (20, gdr + 20, gdr + 28, gdr + 36, vdr + 12, vdr + 28):
        if struct.unpack_from(">q", small, at)[0] != value:
            with pytest.raises(CorruptFile):
                check(patched(small, at, "q", value), "x.cdf")


def test_a_cycle_is_refused(small: bytes) -> None:
    first, second = records(small, 8)[:2]
    with pytest.raises(CorruptFile, match=r"used twice|longer than"):
        check(patched(small, second + 12, "q", first), "x.cdf")
    index = records(small, 6)[0]
    with pytest.raises(CorruptFile, match="used twice"):
        check(patched(small, index + 12, "q", index), "x.cdf")


def test_counts_that_do_not_match(small: bytes) -> None:
    gdr = records(small, 2)[0]
    for at in (gdr + 48, gdr + 60):
        count = struct.unpack_from(">i", small, at)[0]
        for wrong in (count - 1, count + 1, -1, 2**31 - 1):
            with pytest.raises(CorruptFile):
                check(patched(small, at, "i", wrong), "x.cdf")


def test_more_records_than_are_there(small: bytes) -> None:
    for vdr in records(small, 8):
        with pytest.raises(CorruptFile, match="records"):
            check(patched(small, vdr + 24, "i", 2**20), "x.cdf")


@pytest.mark.parametrize(
    ("data_type", "elements"), [(99, 1), (22, 2), (44, 0), (45, -1), (51, 2**30)]
)
def test_impossible_types_and_sizes(small: bytes, data_type: int, elements: int) -> None:
    vdr = records(small, 8)[1]
    bad = patched(patched(small, vdr + 20, "i", data_type), vdr + 64, "i", elements)
    with pytest.raises(CorruptFile):
        check(bad, "x.cdf")


def test_a_compressed_block_that_holds_something_else(small: bytes) -> None:
    block = records(small, 13)[0]
    bad = bytearray(small)
    bad[block + 24 + 12] ^= 0xFF
    check(bytes(bad), "x.cdf")
    with pytest.raises(CorruptFile, match="compressed block") as caught:
        CdfFile(bytes(bad), "x.cdf").values("z")
    assert caught.value.source == "x.cdf"


def test_foreign_encodings_and_compressions_have_their_own_error(small: bytes) -> None:
    with pytest.raises(CorruptFile, match="encoding"):
        check(patched(small, 8 + 28, "i", 77), "x.cdf")
    cpr = records(small, 11)[0]
    with pytest.raises(UnsupportedFormat, match="Huffman"):
        check(patched(small, cpr + 12, "i", 2), "x.cdf")


@pytest.mark.parametrize(
    "data", [b"", b"\xcd", b"\xcd\xf3\x00\x01", bytes(4000), b"\x00\x00\xff\xff" * 2]
)
def test_not_a_cdf(data: bytes) -> None:
    with pytest.raises(CorruptFile):
        check(data, "x.cdf")


def test_inflate_gives_exactly_what_is_declared() -> None:
    packed = memoryview(gzip.compress(b"abc" * 1000))
    assert inflate(packed, 3000, GZIP, "x") == b"abc" * 1000
    for wrong in (2999, 3001):
        with pytest.raises(CorruptFile):
            inflate(packed, wrong, GZIP, "x")
    with pytest.raises(CorruptFile):
        inflate(packed[:-3], 3000, GZIP, "x")


def test_rule_08_allocation_is_capped_by_the_file() -> None:
    with pytest.raises(CorruptFile, match="said to hold"):
        inflate(memoryview(gzip.compress(b"a")), 1 << 30, GZIP, "bomb")


def test_run_lengths() -> None:
    assert inflate(memoryview(b"ab\x00\x03c"), 7, RLE, "x") == b"ab\0\0\0\0c"
    assert inflate(memoryview(b"\x00\x00\x00\x00"), 2, RLE, "x") == b"\0\0"
    for bad, size in ((b"ab\x00", 3), (b"ab\x00\xff", 5), (b"a", 2), (b"\0\0", 2)):
        with pytest.raises(CorruptFile):
            inflate(memoryview(bad), size, RLE, "x")


def test_sparse_records_and_run_length_files_read_as_the_reference_does() -> None:
    values = np.arange(12, dtype="i4")
    virtual = np.zeros(12, bool)
    virtual[[0, 4, 5]] = True
    make = Maker()
    for name in ("pad_sparse_records", "prev_sparse_records"):
        make.put(name, values, options={
            "sparse_records": getattr(pycdfpp.SparseRecords, name), "pad_value": np.int32(-7),
            "virtual_records": virtual,
        })  # fmt: skip
    rle = {"compression": pycdfpp.CompressionType.rle_compression}
    make.put("rle", np.array([0, 0, 0, 1, 2, 0, 0, 7] * 50, "i2"), options=rle)
    data = make.bytes()
    file, reference = CdfFile(data, "x.cdf"), pycdfpp.load(data)
    for name in file.names:
        np.testing.assert_array_equal(file.values(name), np.asarray(reference[name].values), name)
    assert file.values("pad_sparse_records")[[0, 4, 5]].tolist() == [-7, -7, -7]
    assert file.values("prev_sparse_records")[4:6].tolist() == [3, 3]
