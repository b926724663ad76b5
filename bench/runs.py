"""What a run does with each image, against the bare libraries that do the work."""

import io
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from bench.measuring import Effort, Measured, at_least, in_turns
from contents.media.pixels import decoded, pixels_of
from runs.worker.embedding.models import default_network
from runs.worker.embedding.network import Network
from runs.worker.pictures import metadata_of
from tests.contents.media.making import encoded

_PHOTO = (1920, 1280)
_PICTURES = 32


def embedding(effort: Effort) -> Measured:
    """Decoded pictures through the built-in network, on one core.

    The bare network gets them ready made, in batches of the size with which it is quickest. In turns, and the quickest
    turn of each counts: that others use the machine can only slow both.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = default_network(Path(folder))
        network = Network(path, "default", threads=1)
        chance = np.random.default_rng(0)
        pictures = list(chance.integers(0, 256, (_PICTURES, 224, 224, 3), dtype=np.uint8))
        ready = ((np.stack(pictures).transpose(0, 3, 1, 2) - 127.0) / 128.0).astype(np.float32)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        bare = [partial(_bare_embedding, session, ready, size) for size in (8, 32)]
        ours, *others = in_turns(lambda: network.vectors(pictures), *bare, times=1 + effort.times, middle=min)
    speed, floor = (_PICTURES * 1000 / took for took in (ours, min(others)))
    return Measured("embeddings on one core", speed, floor, "bare ONNX Runtime", at_least(0.85), unit="/s")


def _bare_embedding(session: Any, ready: NDArray[np.float32], batch: int) -> None:
    for at in range(0, len(ready), batch):
        session.run(None, {"pixels": ready[at : at + batch]})


def reading(effort: Effort) -> Measured:
    """All that is told of a photo of 2.5 megapixels, in memory, against decoding and scaling it."""
    noise = Image.effect_noise((_PHOTO[0] // 8, _PHOTO[1] // 8), 60).resize(_PHOTO)
    photo = encoded(noise.convert("RGB"), "JPEG", quality=90)
    ours, bare = in_turns(partial(_all, photo), partial(_bare, photo), times=effort.times, middle=min)
    return Measured("a photo of 2.5 megapixels read for a run", ours, bare, "bare Pillow: decode, scale")


def _all(photo: bytes) -> None:
    with decoded(io.BytesIO(photo)) as image:
        metadata_of(pixels_of(image, (224, 224)), len(photo))


def _bare(photo: bytes) -> None:
    with Image.open(io.BytesIO(photo)) as image:
        image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
