"""predict.py of an export: ten lines of plain Python that need the export's own runtime and no lowres."""

from __future__ import annotations

from dataclasses import dataclass

from lowres.values.exporting.export_format import ExportFormat

_SCRIPT = """# Names what pictures show: python predict.py picture.png ...
# predict(pixels) takes uint8 [n, {height}, {width}, 3], RGB from 0 to 255, and gives [n, {classes}] probabilities.
import json, {modules}pathlib, sys, numpy, {runtime}
from PIL import Image, ImageOps
here = pathlib.Path(__file__).resolve().parent
names = json.loads((here / "contract.json").read_text(encoding="utf-8"))["class_names"]
{load}
def predict(pixels): return {call}
for file in sys.argv[1:]:
    picture = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
    row = predict(numpy.asarray({prepared})[None])[0]
    print(file, names[row.argmax()], f"{{row.max():.4f}}")
"""
_PREPARED = {
    "squash": "picture.resize({size})",
    "crop": "ImageOps.fit(picture, {size})",
    "pad": "ImageOps.pad(picture, {size}, color=picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))",
}


@dataclass(frozen=True)
class _Family:
    """What differs: the module imported, the line that loads the file, and the call that runs it on `pixels`."""

    runtime: str
    load: str
    call: str
    modules: str = ""


_FAMILIES = {
    "keras": _Family(
        "keras",
        'model = keras.saving.load_model(here / "model.keras")',
        "numpy.asarray(model.predict_on_batch(pixels))",
    ),
    "saved-model": _Family(
        "tensorflow",
        'run = tensorflow.saved_model.load(str(here / "1")).signatures["serving_default"]',
        'run(pixels=tensorflow.constant(pixels))["probabilities"].numpy()',
    ),
    "litert": _Family(
        "ai_edge_litert.interpreter as litert",
        'run = litert.Interpreter(str(here / "model.tflite"), num_threads=os.cpu_count()).get_signature_runner()',
        'numpy.concatenate([run(pixels=one[None])["probabilities"] for one in pixels])',
        modules="os, ",
    ),
    "onnx": _Family(
        "onnxruntime",
        'session = onnxruntime.InferenceSession(here / "model.onnx", providers=["CPUExecutionProvider"])',
        'session.run(["probabilities"], {"pixels": pixels})[0]',
    ),
    "openvino": _Family(
        "openvino",
        'model = openvino.Core().compile_model(here / "model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})',
        "model([pixels])[0]",
    ),
}


def export_script(form: ExportFormat, size: tuple[int, int], fit: str, classes: int) -> str:
    """Return the script of one format for a study whose pictures have this width and height.

    fit: how pictures of other sizes were brought to it: squash, crop or pad.
    """
    family = _FAMILIES[form.family]
    return _SCRIPT.format(
        height=size[1],
        width=size[0],
        classes=classes,
        modules=family.modules,
        runtime=family.runtime,
        load=family.load,
        call=family.call,
        prepared=_PREPARED[fit].format(size=size),
    )
