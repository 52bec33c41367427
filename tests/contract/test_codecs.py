"""What every codec promises; runs over all that are found."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.errors import SpeasyError, UnknownProduct
from speasy_core.events import Dataset
from tests.codec_samples import SAMPLES


@pytest.fixture(scope="module", params=codecs.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def sample(name: str) -> bytes:
    assert name in SAMPLES, f"add a sample of the format {name!r} to tests/codec_samples.py"
    return SAMPLES[name]()


def codec(name: str) -> codecs.Codec:
    return codecs._table()[name]


def test_the_table_entry_is_complete(name: str) -> None:
    entry = codec(name)
    assert entry.name == name == name.lower()
    assert entry.title
    assert entry.magics or entry.extensions or entry.mimes
    parameters = inspect.signature(entry.load().read).parameters
    assert list(parameters) == ["data", "source", "variables"]
    assert entry.load().__doc__
    assert entry.load().read.__doc__


def test_whole_file(name: str, sample: bytes) -> None:
    ending = (codec(name).extensions or ("",))[0]
    dataset = codecs.read(sample, source=f"sample{ending}")
    assert isinstance(dataset, Dataset)
    assert dataset
    for key, v in dataset.items():
        assert v.name == key
        assert v.time.dtype == np.dtype("M8[ns]")
        assert (np.diff(v.time_ns) > 0).all()
        assert v.values.dtype.isnative
        if v.ndim == 2:
            assert v.values.flags.f_contiguous
        assert all(k == "dataset" or k.upper() == k or k == "time_repairs" for k in v.meta)


def test_only_what_is_asked_for(name: str, sample: bytes) -> None:
    everything = codec(name).load().read(sample, source="s")
    one = next(iter(everything))
    assert list(codec(name).load().read(sample, source="s", variables=[one])) == [one]
    with pytest.raises(UnknownProduct):
        codec(name).load().read(sample, source="s", variables=["no such variable"])


def test_rule_06_every_cut_is_found(name: str, sample: bytes) -> None:
    for length in {0, 1, 7, *range(8, len(sample), 37), len(sample) - 1}:
        with pytest.raises(SpeasyError) as caught:
            codec(name).load().read(sample[:length], source="cut.file")
        assert caught.value.source == "cut.file"


def test_noise_is_an_error_of_ours(name: str, sample: bytes) -> None:
    rng = np.random.default_rng(1)
    for length in (1, 100, 10_000):
        with pytest.raises(SpeasyError):
            codec(name).load().read(rng.bytes(length), source="noise")
        head = sample[:64] + rng.bytes(length)
        with pytest.raises(SpeasyError):
            codec(name).load().read(head, source="noise")


def test_real_files(name: str, shared_data: Path) -> None:
    for ending in codec(name).extensions:
        for path in shared_data.rglob(f"*{ending}"):
            try:
                dataset = codecs.read_file(path)
            except SpeasyError as error:
                assert path.name in str(error)  # noqa: PT017 - most files must read
            else:
                assert dataset.name == path.name
