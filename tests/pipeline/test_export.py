"""Every format of a tiny study, loaded by its own runtime, against the study's predictions, and what is refused."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

import lowres
from lowres.errors import ExportError, MissingDependency, StudyError
from lowres.files.study.ledger import file_sha256
from lowres.files.study.predictions_file import read_predictions
from lowres.files.study.study_folder import read_ledger
from lowres.networks.exporting import shipped_network
from lowres.pipeline import export
from lowres.pipeline.export import export_study
from lowres.pipeline.export_process import run_apart
from lowres.pipeline.stages.export_stage import ExportOptions
from lowres.values.exporting.export_format import FORMATS
from lowres.values.exporting.parity import Parity
from pipeline.chain import Watcher

# Whatever is installed is tested; what is not is skipped by name, format by format.
INSTALLED = [name for name, form in FORMATS.items() if all(map(find_spec, (form.runtime, *form.converters)))]
formats = pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=pytest.mark.skipif(name not in INSTALLED, reason=f"the packages of {name} are not installed")
        )
        for name in FORMATS
    ],
)


def copied(study, folder):
    """The study and its pictures, to be changed."""
    shutil.copytree(study.parent, folder, dirs_exist_ok=True)
    return folder / "study"


@pytest.fixture(scope="module")
def exported(picture_study, tmp_path_factory):
    """The study with every format that can be written here, and what came of it."""
    study = copied(picture_study, tmp_path_factory.mktemp("exported"))
    return export_study(study, INSTALLED)


@pytest.fixture(scope="module")
def expected(exported):
    """Probabilities by SciPy from the study's own logits, by picture id."""
    known = read_predictions(exported.folder / "predictions/validation.npz")
    temperature = json.loads((exported.folder / "evaluation.json").read_bytes())["temperature"]
    return known, softmax(known.logits.astype(np.float64) / temperature, axis=1)


@pytest.mark.slow
@formats
def test_a_format_is_kept_with_its_parity(exported, expected, name):
    parity = next(one for one in exported.kept if one.format == name)
    known, _ = expected
    right = known.logits.argmax(axis=1) == known.labels
    assert (parity.n, parity.study_accuracy) == (len(known.labels), pytest.approx(right.mean()))
    assert parity.agreement >= FORMATS[name].agreement
    limit = {"float32": 1e-4, "float16": 0.02, "int8": 0.3}[FORMATS[name].precision]
    assert parity.largest_difference < limit
    assert parity.runtime.split()[0].startswith(FORMATS[name].packages[0].split("-")[0])
    assert parity.pace.latency_milliseconds > 0


@pytest.mark.slow
@formats
def test_the_contract_is_true_of_the_files(exported, expected, name):
    folder = exported.folder / "exports" / name
    found = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
    assert found["files"] == {path: file_sha256(folder / path) for path in found["files"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == set(found["files"]) | {"contract.json"}
    assert found["class_names"] == ["dark", "light", "red"]
    assert found["input"]["shape"][1:] == [12, 12, 3]
    assert found["weights"]["licence"]
    ledger = read_ledger(exported.folder)
    assert found["study"]["fingerprint"] == ledger.stages["images"].facts["fingerprint"]
    assert found["study"]["model_sha256"] == file_sha256(exported.folder / "model.keras")
    assert Parity.from_json(found["parity"]) == next(one for one in exported.kept if one.format == name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in INSTALLED if name not in ("keras", "saved-model")])
def test_the_script_beside_it_says_of_the_sample_what_is_written_there(exported, name, tmp_path):
    shutil.copytree(exported.folder / "exports" / name, tmp_path / "elsewhere")
    sample = tmp_path / "elsewhere" / "sample.png"
    words = [sys.executable, "-I", str(tmp_path / "elsewhere" / "predict.py"), str(sample)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=True)
    said = json.loads((tmp_path / "elsewhere" / "sample.json").read_bytes())
    best = max(said["probabilities"], key=said["probabilities"].get)
    assert done.stdout.split() == [str(sample), best, f"{said['probabilities'][best]:.4f}"]
    assert said["class_name"] == best


@pytest.mark.slow
@pytest.mark.skipif("litert-int8" not in INSTALLED, reason="ai-edge-litert is not installed")
def test_litert_holds_built_in_operations_only_and_int8_is_int8(exported):
    from ai_edge_litert.interpreter import Interpreter

    operations = {}
    for name in ("litert-float32", "litert-int8"):
        model = Interpreter(str(exported.folder / "exports" / name / "model.tflite"))
        operations[name] = {one["op_name"] for one in model._get_ops_details()}
        assert not [one for one in operations[name] if one.startswith("Flex") or one == "CUSTOM"]
        kinds = {detail["dtype"] for detail in model.get_tensor_details()}
        assert (np.int8 in kinds) == (name == "litert-int8")
        assert [one["dtype"] for one in model.get_input_details()] == [np.uint8]
    assert {"QUANTIZE", "DEQUANTIZE"} <= operations["litert-int8"]
    assert "QUANTIZE" not in operations["litert-float32"]


@pytest.mark.slow
@pytest.mark.skipif("openvino-int8" not in INSTALLED, reason="openvino or nncf is not installed")
def test_openvino_int8_weights_leave_room_for_processors_that_add_in_16_bits(exported):
    import openvino

    model = openvino.Core().read_model(exported.folder / "exports/openvino-int8/model.xml")
    constants = [one for one in model.get_ordered_ops() if one.get_type_name() == "Constant"]
    weights = [one.get_data() for one in constants if one.get_element_type() == openvino.Type.i8]
    assert weights
    assert max(int(np.abs(one.astype(int)).max()) for one in weights) <= 64


@pytest.mark.slow
@pytest.mark.skipif("saved-model" not in INSTALLED, reason="TensorFlow is not installed")
def test_the_saved_model_serves_pixels_and_whole_files(exported, expected):
    import tensorflow

    served = tensorflow.saved_model.load(str(exported.folder / "exports/saved-model/1"))
    assert set(served.signatures) == {"serving_default", "encoded_pictures"}
    picture = exported.folder.parent / "pictures/red/05.png"
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"))
    (known,) = lowres.load(exported.folder).predict(picture)
    of_pixels = served.signatures["serving_default"](pixels=tensorflow.constant(pixels[None]))
    of_files = served.signatures["encoded_pictures"](picture_bytes=tensorflow.constant([picture.read_bytes()]))
    for answer in (of_pixels, of_files):
        assert answer["class_name"].numpy().tolist() == [known.class_name.encode()]
        assert answer["probabilities"].numpy().max() == pytest.approx(known.probability, abs=1e-5)
    names = exported.folder / "exports/saved-model/1/assets/class_names.txt"
    assert names.read_text(encoding="utf-8").split() == ["dark", "light", "red"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ("litert-int8", "onnx") if name in INSTALLED])
def test_only_its_own_runtime_is_loaded_in_the_fresh_process(exported, expected, tmp_path, name):
    known, probabilities = expected
    pixels = np.zeros((5, 12, 12, 3), np.uint8)
    np.save(tmp_path / "asked.npy", pixels)
    measured = run_apart(
        exported.folder / "exports" / name, tmp_path / "asked.npy", tmp_path / "answered.npy", 1, lambda _: None
    )
    assert measured["frameworks"] == [FORMATS[name].runtime]
    assert np.load(tmp_path / "answered.npy").shape == (5, 3)


@pytest.mark.slow
def test_asked_again_nothing_is_made(exported):
    watcher = Watcher()
    again = export_study(exported.folder, INSTALLED, progress=watcher)
    assert again.kept == exported.kept
    assert not [event for event in watcher.events if event[0] == "begins"]
    assert not list(exported.folder.rglob(".part-*"))


@pytest.mark.slow
@pytest.mark.skipif("onnx" not in INSTALLED, reason="the packages of onnx are not installed")
def test_an_export_that_says_something_else_leaves_nothing_behind(exported, tmp_path, monkeypatch):
    """Its classes are turned round, as by a list of names in another order; the older export goes too."""
    study = copied(exported.folder, tmp_path)
    honest = shipped_network.shipped_network

    def turned(classifier, temperature):
        import keras

        model = honest(classifier, temperature)
        return keras.Model(model.inputs[0], keras.layers.Reshape((3,))(keras.ops.flip(model.outputs[0], axis=-1)))

    monkeypatch.setattr(shipped_network, "shipped_network", turned)
    options = ExportOptions(agreement=0.99)
    answer = export_study(study, ["onnx"], options)
    assert [name for name, _ in answer.refused] == ["onnx"]
    assert "expected" in answer.refused[0][1]
    assert not (study / "exports/onnx").exists()
    assert "onnx" not in [one.format for one in answer.kept]
    assert "export onnx" not in read_ledger(study).stages
    assert len(answer.kept) == len(exported.kept) - 1
    assert not list(study.rglob(".part-*"))


def test_what_cannot_be_exported_is_refused_before_anything_is_begun(picture_study, tmp_path, monkeypatch):
    with pytest.raises(ExportError, match="expected a format among"):
        export_study(picture_study, ["pickle"])
    with pytest.raises(ExportError, match=r"at least 1,000 images \(all, where there are fewer\), got 20"):
        export_study(picture_study, ["keras"], ExportOptions(images=20))
    with pytest.raises(ExportError, match="above 0 and at most 1, got 98"):
        export_study(picture_study, ["keras"], ExportOptions(agreement=98))
    with pytest.raises(StudyError, match="expected a study folder at .*nowhere, got none"):
        export_study(tmp_path / "nowhere", ["keras"])
    monkeypatch.setattr(export, "find_spec", lambda name: None if name == "onnxruntime" else find_spec(name))
    with pytest.raises(MissingDependency, match=r"onnxruntime for the format onnx.*pip install 'lowres\[export\]'"):
        export_study(picture_study, ["onnx"])


def test_a_study_that_was_never_evaluated_is_refused(picture_study, tmp_path):
    study = copied(picture_study, tmp_path)
    ledger = json.loads((study / "study.json").read_bytes())
    del ledger["stages"]["evaluate"]
    (study / "study.json").write_text(json.dumps(ledger))
    with pytest.raises(StudyError, match="not evaluated yet; run: lowres study"):
        export_study(study, ["keras"])
