"""What the library concludes of results is said in the words of the report, doubts first."""

import numpy as np

from lowres.library.results import Evaluated
from lowres.values.judging.evaluation import evaluate
from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions

CLASSES = ("ants", "bees", "cats")
LABELS = np.arange(120) % 3


def concluded(answers):
    """The conclusions of those answers to 120 pictures, forty a class."""
    logits = 4 * np.eye(3, dtype=np.float32)[answers]
    predictions = Predictions(tuple(map(str, range(120))), LABELS, logits, CLASSES)
    images = LabelledImages(np.zeros((120, 2, 2, 3), np.uint8), LABELS, CLASSES, predictions.ids)
    said = Evaluated(evaluate(predictions), predictions, images, None).conclusions
    return said.replace("\N{NO-BREAK SPACE}", " ")


def test_a_class_that_is_never_named_is_told_of():
    # Half of the cats are called ants, half bees, so that no class is favoured.
    halves = np.where(np.arange(120) < 60, 0, 1)
    assert "It never names cats, which 33 % of the pictures are." in concluded(np.where(LABELS == 2, halves, LABELS))


def test_a_class_that_answers_for_all_is_told_of():
    assert "It calls 100 % of the pictures bees, which 33 % of them are." in concluded(np.ones(120, int))


def test_nothing_is_told_of_what_learned():
    said = concluded(LABELS)
    assert "never names" not in said
    assert "It calls" not in said
