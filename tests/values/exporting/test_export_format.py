"""Words become formats: families, several at once, and mistakes with the nearest name."""

import pytest

from lowres.errors import ExportError
from lowres.values.exporting.export_format import FORMATS, chosen_formats


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["onnx"], ["onnx"]),
        (["litert"], ["litert-float32", "litert-float16", "litert-int8"]),
        (["openvino-int8, keras", "keras"], ["keras", "openvino-int8"]),
        (["all"], list(FORMATS)),
    ],
)
def test_what_words_mean(words, names):
    assert [one.name for one in chosen_formats(words)] == names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tflite"], "got 'tflite'; did you mean 'litert'"),
        (["onnx,xyz"], "got 'xyz'; name one of them"),
        ([" , "], "at least one format, got none"),
    ],
)
def test_mistakes_are_answered_with_the_names_there_are(words, said):
    with pytest.raises(ExportError, match=said):
        chosen_formats(words)


def test_int8_is_the_only_precision_that_may_differ_more():
    by_precision = {one.precision: one.agreement for one in FORMATS.values()}
    assert by_precision["float32"] == by_precision["float16"] > by_precision["int8"] > 0.9
