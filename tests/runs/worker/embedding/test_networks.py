"""Networks that make vectors: the default one against its layers computed by hand, the operator's, and none at all."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from runs.worker.embedding import models, weights
from runs.worker.embedding.colours import DIMENSIONS, Colours
from runs.worker.embedding.models import chosen_model, default_network
from runs.worker.embedding.network import ModelError, Network
from runs.worker.embedding.weights import WeightsError, packaged_weights, read_weights, tensors_of
from tests.runs.worker.embedding.networks import by_hand, opened, pictures, write_mean_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    default_network(folder)
    return folder


@pytest.fixture(scope="module")
def network(folder: Path) -> Network:
    return Network(default_network(folder), "default")


def test_the_default_network_is_what_its_layers_are(network: Network) -> None:
    (picture,) = pictures(1, seed=3)
    (vector,) = network.vectors([picture])
    expected = by_hand(read_weights(packaged_weights()), (picture.transpose(2, 0, 1) - 127.0) / 128.0)
    assert vector.shape == expected.shape == (1280,)
    assert np.abs(vector - expected).max() < 1e-3
    assert expected.max() > 1


def test_a_batch_and_its_order_change_nothing(network: Network) -> None:
    some = pictures(40)
    together = network.vectors(some)
    assert np.array_equal(together, network.vectors(some))
    alone = np.concatenate([network.vectors([picture]) for picture in some[:4]])
    assert np.abs(together[:4] - alone).max() < 1e-4
    assert np.abs(network.vectors(some[::-1])[::-1] - together).max() < 1e-4
    assert network.vectors([]).shape[0] == 0


def test_it_is_written_once_and_wholly(folder: Path) -> None:
    path = default_network(folder)
    before = path.stat().st_mtime_ns
    assert default_network(folder) == path
    assert path.stat().st_mtime_ns == before
    assert [each.name for each in folder.iterdir()] == [path.name]
    assert len(opened(path).SerializeToString()) == path.stat().st_size > 13_000_000


def test_it_works_within_the_limits_of_a_worker(folder: Path) -> None:
    code = f"""
import resource
from pathlib import Path
from django.conf import settings
from lightly_platform import settings as product
for name, most in product.LIGHTLY_PROCESS_LIMITS.items():
    resource.setrlimit(getattr(resource, name), (most, most))
from runs.worker.embedding.models import chosen_model
from tests.runs.worker.embedding.networks import pictures
found = chosen_model(None, Path({str(folder)!r}))
assert not found.warning, found.warning
import threading
print(found.embedder.vectors(pictures(64)).shape)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "(64, 1280)"


def test_weights_with_other_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(packaged_weights().read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match="other bytes"):
        read_weights(path)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("open('/tmp/evil', 'w')",)


def header() -> bytes:
    facts = {"protocol_version": 1001, "little_endian": True}
    return b"".join(pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, facts))


@pytest.mark.parametrize(
    "content",
    [b"", b"no pickle", pickle.dumps(7), header(), header() + pickle.dumps({"a": Evil()}), pickle.dumps(Evil())],
)
def test_no_pickle_runs_code(content: bytes) -> None:
    with pytest.raises(WeightsError):
        tensors_of(content)


@pytest.mark.parametrize("shape", [("N", 3, 16, 8), ("N", 16, 8, 3)])
def test_a_network_of_the_operator(tmp_path: Path, shape: tuple[object, ...]) -> None:
    metadata = {"mean": "10,20,30", "std": "1,2,4"}
    raw = Network(write_mean_network(tmp_path / "raw.onnx", shape=shape, kind=TensorProto.UINT8), "raw")
    usual = Network(write_mean_network(tmp_path / "usual.onnx", shape=shape), "usual")
    own = Network(write_mean_network(tmp_path / "own.onnx", shape=shape, metadata=metadata), "own")
    assert raw.size == usual.size == (8, 16)
    picture = np.zeros((16, 8, 3), np.uint8) + np.array([100, 50, 200], np.uint8)
    assert raw.vectors([picture]).tolist() == [[100, 50, 200]]
    assert usual.vectors([picture])[0] == pytest.approx((np.array([100, 50, 200]) - 127) / 128)
    assert own.vectors([picture])[0] == pytest.approx([90, 15, 42.5])


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (("N", 3, "H", "W"), "must name the height and width"),
        (("N", 3, 16, 9999), "must name the height and width"),
        (("N", 16, 8, 1), "three channels"),
        (("N", 3, 16), "instead of pictures"),
    ],
)
def test_networks_that_take_no_pictures(tmp_path: Path, shape: tuple[object, ...], words: str) -> None:
    axes_fit = write_mean_network(tmp_path / "odd.onnx", shape=shape)
    with pytest.raises(ModelError, match=words):
        Network(axes_fit, "odd")


def test_wrong_files_say_why(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(ModelError, match="can't be read as an ONNX network"):
        chosen_model(tmp_path / "text.onnx", tmp_path)
    with pytest.raises(ModelError, match="there is no file"):
        chosen_model(tmp_path / "gone.onnx", tmp_path)
    path = write_mean_network(tmp_path / "own.onnx", metadata={"mean": "a,b"})
    with pytest.raises(ModelError, match="three numbers"):
        Network(path, "own")


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "inner/../../secret"])
def test_data_outside_of_the_folder_is_not_read(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret").write_bytes(np.ones(3, np.float32).tobytes())
    (tmp_path / "models").mkdir()
    path = write_mean_network(tmp_path / "models" / "own.onnx", location=location)
    with pytest.raises(ModelError, match="outside of its folder"):
        Network(path, "own")


def test_data_in_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(np.array([1, 2, 3], np.float32).tobytes())
    path = write_mean_network(tmp_path / "own.onnx", kind=TensorProto.UINT8, location="weights.bin")
    assert Network(path, "own").vectors([np.full((16, 8, 3), 5, np.uint8)]).tolist() == [[5, 10, 15]]


def test_without_weights_there_are_colours_and_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "DISTRIBUTION", "no-such-package")
    models._chosen.cache_clear()
    found = chosen_model(None, tmp_path)
    models._chosen.cache_clear()
    assert isinstance(found.embedder, Colours)
    assert "the package no-such-package is not installed" in found.warning
    assert list(tmp_path.iterdir()) == []


def test_colours_tell_pictures_apart() -> None:
    colours = Colours()
    red, other_red = np.zeros((2, 64, 64, 3), np.uint8)
    red[..., 0], other_red[..., 0] = 200, 190
    (noise,) = pictures(1, 64)
    vectors = colours.vectors([red, other_red, noise])
    assert vectors.shape == (3, DIMENSIONS)
    assert np.isfinite(vectors).all()
    near, far = np.linalg.norm(vectors[0] - vectors[1]), np.linalg.norm(vectors[0] - vectors[2])
    assert near < far / 5
    assert np.array_equal(colours.vectors([noise])[0], vectors[2])
