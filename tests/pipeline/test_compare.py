"""Results are compared on the same images or not at all; runs tell what their seed does."""

import numpy as np
import pytest
from scipy import stats

from lowres.errors import PredictionsError
from lowres.pipeline.compare import compare_results, compare_runs

LABELS = np.random.default_rng(0).integers(0, 3, 300)
IDS = np.array([f"i{row}" for row in range(300)])


@pytest.fixture
def write(tmp_path):
    """Write logits of a network of some strength as .npz; return the path."""

    def make(name, seed, strength=2.0, **changes):
        logits = np.random.default_rng(seed).normal(size=(300, 3))
        logits[np.arange(300), LABELS] += strength
        arrays = {"logits": logits, "labels": LABELS, "ids": IDS} | changes
        np.savez(tmp_path / f"{name}.npz", **{key: value for key, value in arrays.items() if value is not None})
        return tmp_path / f"{name}.npz"

    return make


def accuracy(path):
    with np.load(path) as file:
        return (file["logits"].argmax(axis=1) == file["labels"]).mean()


def test_logits_and_hard_labels_are_compared_alike(write, tmp_path):
    one, other = write("one", 1), write("other", 2, 3.0)
    with np.load(other) as file:
        rows = [
            f"{name},{label},{int(scores.argmax())}"
            for name, label, scores in zip(IDS, LABELS, file["logits"], strict=True)
        ]
    (tmp_path / "hard.csv").write_text("\n".join(["id,label,predicted", *reversed(rows)]))
    soft, hard = compare_results([one, other]).pairs[0], compare_results([one, tmp_path / "hard.csv"]).pairs[0]
    assert soft.difference == pytest.approx(accuracy(other) - accuracy(one))
    assert (soft.gained, soft.lost, soft.p_value) == (hard.gained, hard.lost, hard.p_value)
    wrong = stats.binomtest(len(soft.lost), len(soft.lost) + len(soft.gained))
    assert soft.p_value == pytest.approx(wrong.pvalue)


def test_each_result_keeps_its_name_and_its_own_interval(write):
    paths = [write("a", 1), write("b", 2), write("c", 3)]
    found = compare_results(paths)
    assert [row.name for row in found.results] == [path.as_posix() for path in paths]
    assert [row.accuracy for row in found.results] == [accuracy(path) for path in paths]
    assert len(found.pairs) == 3
    assert found.findings == ()


def test_labels_may_lie_in_a_file_of_their_own(write, tmp_path):
    np.save(tmp_path / "y.npy", LABELS)
    paths = [write("a", 1, labels=None, ids=None), write("b", 2, labels=None, ids=None)]
    found = compare_results(paths, labels=tmp_path / "y.npy")
    assert any("row n was taken for the same image in all" in row.measured for row in found.findings)
    assert found.pairs[0].n == 300


def test_what_was_judged_on_other_images_is_refused(write):
    one = write("one", 1)
    with pytest.raises(PredictionsError, match=r"got 299 in both, 1 only in .*one.npz \(i0\) and 1 only in .*\(new\)"):
        compare_results([one, write("other", 2, ids=np.array(["new", *IDS[1:]]))])
    with pytest.raises(PredictionsError, match="expected the same true labels in .*, got others for 300 of 300"):
        compare_results([one, write("turned", 2, labels=(LABELS + 1) % 3)])
    with pytest.raises(
        PredictionsError, match="expected ids in all results, since some have them, got none in .*bare.npz"
    ):
        compare_results([one, write("bare", 2, ids=None)])
    with pytest.raises(PredictionsError, match="expected different results, got .*one.npz more than once"):
        compare_results([one, one])


def test_runs_are_told_from_runs_of_another_method(write):
    first = [write(f"a{seed}", seed) for seed in range(1, 5)]
    second = [write(f"b{seed}", 10 + seed, 3.0) for seed in range(1, 4)]
    found = compare_runs(first, second)
    expected = stats.ttest_ind([accuracy(path) for path in second], [accuracy(path) for path in first], equal_var=False)
    assert found.difference.p_value == pytest.approx(expected.pvalue)
    assert found.runs.mean == pytest.approx(np.mean([accuracy(path) for path in first]))
    asked = [row.difference for row in found.seeds_needed]
    assert asked == sorted([0.005, 0.01, 0.02, abs(found.difference.difference)])
    assert [row.seeds for row in found.seeds_needed] == sorted((row.seeds for row in found.seeds_needed), reverse=True)


def test_one_difference_may_be_asked_for(write):
    found = compare_runs([write("a", 1), write("b", 2)], difference=0.03)
    assert [row.difference for row in found.seeds_needed] == [0.03]
    assert found.difference is None


def test_the_same_run_twice_is_no_second_seed(write):
    with pytest.raises(PredictionsError, match="runs of different seeds, got the very same outputs in .* --set seed=1"):
        compare_runs([write("a", 1), write("b", 1), write("c", 2)])


def test_a_single_run_has_no_deviation(write):
    with pytest.raises(PredictionsError, match="expected at least two runs, got 1"):
        compare_runs([write("a", 1)])


def test_runs_of_other_images_are_refused(write):
    with pytest.raises(PredictionsError, match="to be judged on the same images"):
        compare_runs([write("a", 1), write("b", 2, ids=np.array(["new", *IDS[1:]]))])
