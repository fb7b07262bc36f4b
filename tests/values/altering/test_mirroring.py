"""Mirror images are trained on where a classifier that never saw one knows them, and nowhere else; worked by hand."""

import numpy as np
import pytest

from lowres.values.altering.mirroring import judge_mirroring


def predictions(right_by_class, per_class=100):
    """Predictions of `per_class` images a class, so many of them right, the others said to be class 9."""
    said, labels = [], []
    for label, right in enumerate(right_by_class):
        said += [label] * right + [9] * (per_class - right)
        labels += [label] * per_class
    return np.array(said), np.array(labels)


@pytest.mark.parametrize(
    ("mirrored", "keeps"),
    [
        ([90, 80, 70], True),
        ([88, 79, 70], True),
        # 6 of 300 lost are 2 points, 7 are more.
        ([84, 80, 70], True),
        ([83, 80, 70], False),
        # Better mirrored than not is no reason against it.
        ([95, 80, 70], True),
        # One class is handed: the others make up for it, its recall does not.
        ([69, 90, 80], False),
        ([70, 90, 80], True),
    ],
)
def test_what_may_be_lost(mirrored, keeps):
    said, labels = predictions([90, 80, 70])
    found = judge_mirroring(said, predictions(mirrored)[0], labels)
    assert found.keeps_labels is keeps
    assert found.accuracy == pytest.approx(0.8)
    assert found.mirrored_accuracy == pytest.approx(sum(mirrored) / 300)


def test_names_the_class_that_loses_most():
    said, labels = predictions([90, 80, 70])
    found = judge_mirroring(said, predictions([85, 60, 70])[0], labels)
    assert (found.worst_class, found.worst_class_loss) == (1, pytest.approx(0.2))


def test_classes_of_a_few_images_do_not_decide():
    said, labels = predictions([19, 19], per_class=19)
    found = judge_mirroring(said, said, labels)
    assert (found.worst_class, found.worst_class_loss, found.keeps_labels) == (None, 0.0, True)


def test_digits_are_not_mirrored_and_symmetric_pictures_are():
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    source = load_digits()
    images, labels = source.images, source.target.astype(np.int64)
    fitted = LogisticRegression(max_iter=200).fit(images[:1000].reshape(1000, -1), labels[:1000])

    def said(pictures):
        return fitted.predict(pictures.reshape(len(pictures), -1)).astype(np.int64)

    held_out = images[1000:]
    assert not judge_mirroring(said(held_out), said(held_out[:, :, ::-1]), labels[1000:]).keeps_labels
    symmetric = (held_out + held_out[:, :, ::-1]) / 2
    assert judge_mirroring(said(symmetric), said(symmetric[:, :, ::-1]), labels[1000:]).keeps_labels
