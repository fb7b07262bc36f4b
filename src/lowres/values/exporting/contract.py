"""contract.json: what an export takes and gives, from what it was made, and how it was found to behave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lowres.values.exporting.export_format import ExportFormat
from lowres.values.exporting.parity import Parity

CONTRACT_FORMAT = 1
INPUT, OUTPUT = "pixels", "probabilities"
_OTHER_SIZES = {
    "squash": "stretched to {width} x {height} pixels, whatever its shape",
    "crop": "cut to the shape of {width} x {height} pixels about its middle, then resized to it",
    "pad": "resized to fit into {width} x {height} pixels, and the rest filled with its mean colour",
}


@dataclass(frozen=True)
class Weights:
    """What the network began with: the backbone's name, the licence, SHA-256 and origin of its tensors."""

    backbone: str
    licence: str
    sha256: str
    origin: str


@dataclass(frozen=True)
class Origin:
    """The study an export was made of.

    study: what its images are called. fingerprint: of those images. model_sha256: of model.keras. temperature: what
    logits are divided by before the softmax. size: width and height in pixels of its pictures. fit: how pictures of
    other sizes were brought to it.
    """

    study: str
    recipe: str
    fingerprint: str
    model_sha256: str
    temperature: float
    size: tuple[int, int]
    fit: str
    class_names: tuple[str, ...]
    weights: Weights


def other_sizes(size: tuple[int, int], fit: str) -> str:
    """Return in words what has to be done with a picture of another size, so that it is what the study's own were."""
    done = _OTHER_SIZES[fit].format(width=size[0], height=size[1])
    return f"turned upright by EXIF, transparency laid over white, {done}, bicubic with antialiasing (Pillow's BICUBIC)"


def contract(
    form: ExportFormat, origin: Origin, files: Mapping[str, str], versions: Mapping[str, str], parity: Parity | None
) -> dict[str, Any]:
    """Return the whole of contract.json.

    files: SHA-256 of every file of the export by its path inside it (POSIX). versions: of the packages that wrote it
    and of the one that was asked to run it. parity: None before it was judged.
    """
    width, height = origin.size
    images = 1 if form.batch_images == 1 else None
    return {
        "format": CONTRACT_FORMAT,
        "export": form.name,
        "precision": form.precision,
        "file": form.file,
        "input": {
            "name": INPUT,
            "dtype": "uint8",
            "shape": [images, height, width, 3],
            "axes": "image, row, column, channel",
            "channels": "RGB",
            "range": [0, 255],
            "scaling": "none outside: resizing for the network and scaling are inside",
            "other_sizes": other_sizes(origin.size, origin.fit),
            "fit": origin.fit,
        },
        "output": {
            "name": OUTPUT,
            "dtype": "float32",
            "shape": [images, len(origin.class_names)],
            "meaning": "probability of each class, summing to 1; temperature and softmax are inside",
            "temperature": origin.temperature,
        },
        "class_names": list(origin.class_names),
        "study": {
            "images": origin.study,
            "recipe": origin.recipe,
            "fingerprint": origin.fingerprint,
            "model_sha256": origin.model_sha256,
        },
        "weights": vars(origin.weights),
        "versions": dict(versions),
        "files": dict(files),
        "parity": parity.to_json() if parity else None,
    }
