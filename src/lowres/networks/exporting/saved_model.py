"""A SavedModel as TensorFlow Serving loads it: a version folder, and signatures for pixels and for encoded pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow

from lowres.networks.exporting.encoded_pictures import decoded_pictures
from lowres.networks.exporting.shipped_network import Shipped, refuse_other_backends, traced
from lowres.values.exporting.contract import INPUT, OUTPUT
from lowres.values.exporting.export_format import ExportFormat

ENCODED_SIGNATURE, ENCODED_INPUT = "encoded_pictures", "picture_bytes"
NAMES_FILE = "class_names.txt"


def write(shipped: Shipped, form: ExportFormat, folder: Path) -> None:
    """Write the version folder.

    `serving_default` takes `pixels`, uint8 `[n, height, width, 3]`; `encoded_pictures` takes `picture_bytes`, `[n]`
    whole JPEG or PNG files of any size. Both give `probabilities` and `class_name`, the likeliest class. The names lie
    in `assets/class_names.txt`, a line each.
    """
    refuse_other_backends()
    module = _served(shipped, folder)
    signatures = {
        "serving_default": module.of_pixels.get_concrete_function(),
        ENCODED_SIGNATURE: module.of_pictures.get_concrete_function(),
    }
    tensorflow.saved_model.save(module, str(folder / form.file), signatures=signatures)
    (folder / NAMES_FILE).unlink()


def _served(shipped: Shipped, folder: Path) -> Any:
    names_file = folder / NAMES_FILE
    # A class name may hold anything, so a line break in one must not make two of it.
    lines = (" ".join(name.split()) for name in shipped.class_names)
    names_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    network, names = traced(shipped.model, None), tensorflow.constant(shipped.class_names)
    height, width, _ = shipped.model.input_shape[1:]

    def answer(pixels: Any) -> dict[str, Any]:
        probabilities = network(pixels)[OUTPUT]
        return {OUTPUT: probabilities, "class_name": tensorflow.gather(names, tensorflow.argmax(probabilities, axis=1))}

    def of_pictures(picture_bytes: Any) -> dict[str, Any]:
        return answer(decoded_pictures(picture_bytes, (height, width), shipped.fit))

    module = tensorflow.Module()
    module.model, module.names = shipped.model, names
    module.names_file = tensorflow.saved_model.Asset(str(names_file))
    pixels = tensorflow.TensorSpec((None, height, width, 3), "uint8", name=INPUT)
    module.of_pixels = tensorflow.function(answer, input_signature=[pixels])
    encoded = tensorflow.TensorSpec((None,), "string", name=ENCODED_INPUT)
    module.of_pictures = tensorflow.function(of_pictures, input_signature=[encoded])
    return module
