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

from bench.measuring import Effort, Measured, median_ms
from contents.media.pixels import decoded, pixels_of
from runs.worker.embedding.models import default_network
from runs.worker.embedding.network import BATCH, Network
from runs.worker.pictures import metadata_of
from tests.contents.media.making import encoded

_PHOTO = (1920, 1280)


def embedding(effort: Effort) -> Measured:
    """A batch of decoded pictures through the built-in network, on one core."""
    with tempfile.TemporaryDirectory() as folder:
        path = default_network(Path(folder))
        network = Network(path, "default", threads=1)
        chance = np.random.default_rng(0)
        pictures = list(chance.integers(0, 256, (BATCH, 224, 224, 3), dtype=np.uint8))
        ready = ((np.stack(pictures).transpose(0, 3, 1, 2) - 127.0) / 128.0).astype(np.float32)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        network.vectors(pictures)
        bare = median_ms(partial(_bare_embedding, session, ready), effort.times)
        ours = median_ms(lambda: network.vectors(pictures), effort.times)
    return Measured(f"{BATCH} embeddings: ours against bare ONNX Runtime", ours, "bare", bare)


def _bare_embedding(session: Any, ready: NDArray[np.float32]) -> None:
    session.run(None, {"pixels": ready})


def reading(effort: Effort) -> Measured:
    """All that is told of a photo of 2.5 megapixels, in memory, against decoding and scaling it."""
    noise = Image.effect_noise((_PHOTO[0] // 8, _PHOTO[1] // 8), 60).resize(_PHOTO)
    photo = encoded(noise.convert("RGB"), "JPEG", quality=90)
    ours = median_ms(partial(_all, photo), effort.times)
    bare = median_ms(partial(_bare, photo), effort.times)
    return Measured("a photo read for a run: ours against bare Pillow", ours, "bare", bare)


def _all(photo: bytes) -> None:
    with decoded(io.BytesIO(photo)) as image:
        metadata_of(pixels_of(image, (224, 224)), len(photo))


def _bare(photo: bytes) -> None:
    with Image.open(io.BytesIO(photo)) as image:
        image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
