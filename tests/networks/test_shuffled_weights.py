"""A shuffled network has the same numbers in other places, from the top downwards, and gets its own back."""

import numpy as np
import pytest

from lowres.networks.shuffled_weights import shuffled_explainers
from lowres.networks.trained_classifier import TrainedClassifier


@pytest.fixture(scope="module")
def steps(tiny_classifier: TrainedClassifier):
    """What was shuffled, and the weights of trunk and head then."""
    return [
        (words, one.trunk.get_weights(), one.head.get_weights())
        for words, one in shuffled_explainers(tiny_classifier, "", seed=0)
    ]


def moved(before, after) -> list[bool]:
    return [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]


def test_the_head_goes_first_then_the_trunk_from_its_end(steps, tiny_classifier: TrainedClassifier) -> None:
    trunk, head = tiny_classifier.trunk, tiny_classifier.head
    names = ["the head", "the head and the last 25% of the trunk", "the head and the last 50% of the trunk"]
    assert [words for words, *_ in steps] == [*names, "the whole network"]
    # tiny-conv: two resizing matrices with nothing in them to learn, then kernel and bias of two convolutions, and the
    # biases are all zero, so that no shuffle can be seen.
    paths = [variable.path for variable in trunk.weights]
    for (_, trunk_weights, head_weights), convolutions in zip(steps, ([], [], [2], [1, 2]), strict=True):
        shuffled = [path for path, has in zip(paths, moved(trunk.get_weights(), trunk_weights), strict=True) if has]
        assert shuffled == [path for path in paths if any(f"tiny_conv{n}/kernel" in path for n in convolutions)]
        assert all(moved(head.get_weights(), head_weights))


def test_every_tensor_keeps_its_values(steps, tiny_classifier: TrainedClassifier) -> None:
    _, trunk_weights, head_weights = steps[-1]
    before = [*tiny_classifier.trunk.get_weights(), *tiny_classifier.head.get_weights()]
    for old, new in zip(before, [*trunk_weights, *head_weights], strict=True):
        np.testing.assert_array_equal(np.sort(old.ravel()), np.sort(new.ravel()))


def test_the_classifier_has_its_weights_back_afterwards(tiny_classifier: TrainedClassifier, digits) -> None:
    before = tiny_classifier.logits(digits.pixels[:4])
    answers = [
        one.head.predict_on_batch(one.trunk.predict_on_batch(digits.pixels[:4]))
        for _, one in shuffled_explainers(tiny_classifier, "", seed=1)
    ]
    np.testing.assert_array_equal(tiny_classifier.logits(digits.pixels[:4]), before)
    assert all(not np.allclose(answer, before, atol=0.1) for answer in answers)
    for _ in shuffled_explainers(tiny_classifier, "", seed=1):
        break
    np.testing.assert_array_equal(tiny_classifier.logits(digits.pixels[:4]), before)


def test_the_seed_says_where_everything_goes(tiny_classifier: TrainedClassifier, steps) -> None:
    again = next(one.head.get_weights() for _, one in shuffled_explainers(tiny_classifier, "", seed=0))
    other = next(one.head.get_weights() for _, one in shuffled_explainers(tiny_classifier, "", seed=2))
    assert not any(moved(again, steps[0][2]))
    assert any(moved(other, steps[0][2]))


def test_at_an_earlier_layer_the_order_is_the_same(steps, tiny_classifier: TrainedClassifier) -> None:
    """The head of the cut holds the second convolution; what is shuffled and when does not change, nor how."""
    for (words, trunk_weights, head_weights), (again, one) in zip(
        steps, shuffled_explainers(tiny_classifier, "tiny_relu1", seed=0), strict=True
    ):
        assert words == again
        flat = [*one.trunk.get_weights(), *one.head.get_weights()]
        assert not any(moved([*trunk_weights, *head_weights], flat))
