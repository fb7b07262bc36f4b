"""TensorFlow traces a training step once: what a step would make for itself is made before it."""

import keras
import numpy as np
import pytest

from lowres.networks.heads.dense import DenseTraining, fit_dense
from lowres.networks.training.traced_once import build_for_training
from networks.training.small_training import tiny_network, tuned

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow traces twice")


@pytest.fixture
def traced(monkeypatch):
    """The losses that were taken, one a trace, by their names."""
    found = []
    for kind in (keras.losses.CategoricalCrossentropy, keras.losses.SparseCategoricalCrossentropy):

        def call(self, *values, real=kind.call):
            found.append(type(self).__name__)
            return real(self, *values)

        monkeypatch.setattr(kind, "call", call)
    return found


@pytest.mark.parametrize(
    ("choices", "programs"),
    [
        ({}, 1),
        ({"optimizer": "sgd", "batch_images": 20, "accumulation_steps": 2}, 1),
        ({"optimizer": "muon"}, 1),
        ({"sharpness_radius": 0.1}, 2),
    ],
)
def test_fine_tuning_traces_a_program_once(digits, traced, choices, programs):
    tuned(tiny_network(), digits, epochs=2, **choices)
    assert len(traced) == programs


def test_the_dense_head_traces_training_and_validation_once(traced):
    random = np.random.default_rng(0)
    part = random.normal(size=(64, 5)).astype(np.float32), random.integers(0, 3, 64)
    fit_dense(part, part, 3, DenseTraining(2, 16, 1e-3, 0, 0, 0))
    assert len(traced) == 2


def test_nothing_is_learned_and_no_metric_counts_it(traced):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="logits")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    before = [np.array(one) for one in model.get_weights()]
    build_for_training(model, np.zeros(1, np.int64))
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(model.optimizer.iterations) == 0
    inputs, labels = np.eye(4, dtype=np.float32), np.array([0, 1, 2, 2])
    right = float((np.asarray(model.predict_on_batch(inputs)).argmax(axis=1) == labels).mean())
    assert model.train_on_batch(inputs, labels, return_dict=True)["accuracy"] == right
