"""The figures of reliance show the curve and the table they were given, and say in their titles what is to be seen."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage
from sklearn.metrics import accuracy_score

from lowres.faces import figures
from lowres.faces.figures.canvas import BLUE, RUST
from lowres.values.judging.robustness import CorruptedAccuracy, Robustness
from lowres.values.judging.selective import review_outcome, risk_coverage


@pytest.fixture
def answers():
    """Confidences of 400 answers, the surer the more often right."""
    random = np.random.default_rng(0)
    confidence = random.uniform(0.3, 1, 400)
    return confidence, random.uniform(size=400) < confidence


def line_of(figure, colour):
    return next(line for line in figure.axes[0].lines if to_rgb(line.get_color()) == to_rgb(colour))


def test_the_line_is_the_share_wrong_among_the_surest(painted, answers, words_of):
    confidence, right = answers
    drawing = figures.risk_coverage(risk_coverage(confidence, right), 400)
    coverage, risk = line_of(painted[0], BLUE).get_data()
    order = np.argsort(-confidence)
    for share, found in list(zip(coverage, risk, strict=True))[::10]:
        kept = order[: round(share * 400)]
        assert found == pytest.approx(1 - accuracy_score(np.ones(len(kept)), right[kept]))
    assert drawing.title.replace("\N{NO-BREAK SPACE}", " ").endswith(f"on all in {100 * (1 - right.mean()):.1f} %")
    assert "n = 400 test images" in drawing.note
    assert not [words for words in words_of(painted[0]) if "itself,\n" in words]


def test_the_threshold_is_a_point_on_the_line(painted, answers, words_of):
    confidence, right = answers
    outcome = review_outcome(confidence, right, 0.8)
    figures.risk_coverage(risk_coverage(confidence, right), 400, outcome)
    x, y = line_of(painted[0], RUST).get_data()
    assert (x[0], y[0]) == pytest.approx((np.mean(confidence >= 0.8), 1 - right[confidence >= 0.8].mean()))
    assert any("itself,\n" in words for words in words_of(painted[0]))


def test_the_table_holds_each_damage_and_severity_the_worst_last(painted, words_of):
    accuracy = {"fog": [0.9, 0.8, 0.7], "noise": [0.6, 0.4, 0.2], "contrast": [0.95, 0.9, 0.88]}
    mean = float(np.mean(list(accuracy.values())))
    rows = tuple(CorruptedAccuracy(name, "a group", tuple(values)) for name, values in accuracy.items())
    drawing = figures.robustness(Robustness(500, 0, 0.95, (0.93, 0.97), mean, (0.6, 0.8), rows))
    axes = painted[0].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["contrast", "fog", "noise"]
    (table,) = axes.findobj(AxesImage)
    losses = 0.95 - np.array([accuracy[name] for name in ("contrast", "fog", "noise")])
    np.testing.assert_allclose(table.get_array()[:, :3], losses, atol=1e-12)
    np.testing.assert_allclose(table.get_array()[:, 3], losses.mean(axis=1), atol=1e-12)
    written = {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axes.texts}
    assert written[2, 2].replace("\N{NO-BREAK SPACE}", " ") == "20 %"
    assert written[2, 3].replace("\N{NO-BREAK SPACE}", " ") == "40 %"
    assert f"Of damaged images {100 * mean:.1f}" in drawing.title
    assert "hardest: noise" in drawing.note
