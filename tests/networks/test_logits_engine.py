"""One pass gives logits and embedding: the same logits as without, and what the head was given, averaged."""

from importlib.util import find_spec

import keras
import numpy as np
import pytest

from lowres.networks.logits_engine import open_logits_engine

IS_QUICK = find_spec("openvino") is not None and keras.backend.backend() == "tensorflow"


@pytest.mark.parametrize("by_features", [True, False])
@pytest.mark.parametrize(
    "engine", ["keras", pytest.param("openvino", marks=pytest.mark.skipif(not IS_QUICK, reason="no OpenVINO here"))]
)
def test_logits_come_first_and_the_heads_input_behind_them(tiny_classifier, digits, engine, by_features):
    pixels = digits.pixels[:20]
    runner = open_logits_engine(tiny_classifier, engine, "float32", by_features, with_embedding=True)
    found = np.concatenate(list(runner.run((pixels[:13], pixels[13:]))))
    logits, embedding = found[:, :10], found[:, 10:]
    np.testing.assert_allclose(logits, tiny_classifier.logits(pixels), atol=1e-3)
    wanted = tiny_classifier.trunk.predict_on_batch(pixels).mean(axis=(1, 2))
    np.testing.assert_allclose(embedding, wanted, atol=1e-4)
    assert found.dtype == np.float32
