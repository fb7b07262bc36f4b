"""Linear heads are scikit-learn's, and folding the standardisation away changes nothing."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from lowres.errors import TrainingError
from lowres.networks.heads.linear import Matrix, Standardiser, fit_discriminant, fit_logistic_regressions


@pytest.fixture(scope="module", params=[2, 4])
def drawn(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, int]:
    """Overlapping clouds, one a class, with channels of very different sizes."""
    draw = np.random.default_rng(request.param)
    labels = draw.integers(0, request.param, 300)
    clouds = draw.normal(size=(request.param, 12))
    features = (clouds[labels] + 1.5 * draw.normal(size=(300, 12))) * np.geomspace(0.01, 100, 12) + 5
    return features.astype(np.float32), labels, request.param


def test_the_standardiser_is_scikit_learns(drawn) -> None:
    features = drawn[0]
    expected = StandardScaler().fit_transform(features.astype(np.float64))
    np.testing.assert_allclose(Standardiser.of(features).apply(features), expected, atol=2e-3)


def test_a_constant_channel_becomes_zero() -> None:
    features = np.column_stack([np.full(7, 0.1), np.zeros(7), np.arange(7)]).astype(np.float32)
    standardised = Standardiser.of(features).apply(features)
    np.testing.assert_allclose(standardised[:, :2], 0, atol=1e-6)
    assert standardised[:, 2].std() == pytest.approx(1, abs=1e-6)


def test_folded_weights_do_to_raw_features_what_the_others_do_to_standardised_ones(drawn) -> None:
    features, _, classes = drawn
    draw = np.random.default_rng(0)
    weights, bias = draw.normal(size=(12, classes)), draw.normal(size=classes)
    standardiser = Standardiser.of(features)
    raw_weights, raw_bias = standardiser.folded(weights, bias)
    expected = standardiser.apply(features) @ weights + bias
    np.testing.assert_allclose(features @ raw_weights + raw_bias, expected, rtol=1e-3, atol=5e-3)


def test_logistic_regression_is_scikit_learns(drawn) -> None:
    features, labels, classes = drawn
    standardised = Standardiser.of(features).apply(features)
    strengths = (1e-3, 1e-1, 1e-2)
    found = list(fit_logistic_regressions(standardised, labels, classes, strengths))
    assert [strength for strength, _ in found] == [1e-1, 1e-2, 1e-3]
    for strength, matrix in found:
        # Of two classes scikit-learn keeps one weight vector, which costs twice what its two halves cost in a softmax.
        price = strength / 2 if classes == 2 else strength
        reference = LogisticRegression(C=1 / (len(labels) * price), tol=1e-8, max_iter=5000)
        expected = reference.fit(np.float64(standardised), labels).predict_proba(np.float64(standardised))
        np.testing.assert_allclose(_softmax(matrix.logits(standardised)), expected, atol=5e-3)


def test_linear_discriminant_analysis_is_scikit_learns(drawn) -> None:
    features, labels, classes = drawn
    standardised = Standardiser.of(features).apply(features)
    reference = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(np.float64(standardised), labels)
    logits = fit_discriminant(standardised, labels, classes).logits(standardised)
    np.testing.assert_allclose(_softmax(logits), reference.predict_proba(np.float64(standardised)), atol=1e-3)


def test_a_stronger_regularisation_makes_smaller_weights(drawn) -> None:
    features, labels, classes = drawn
    fits = fit_logistic_regressions(Standardiser.of(features).apply(features), labels, classes, (1.0, 1e-2, 1e-4))
    sizes = [float(np.square(matrix.weights).sum()) for _, matrix in fits]
    assert sizes == sorted(sizes)


def test_the_same_features_give_the_same_head(drawn) -> None:
    features, labels, classes = drawn
    first, second = (list(fit_logistic_regressions(features / 500, labels, classes, (1e-2,))) for _ in range(2))
    np.testing.assert_array_equal(first[0][1].weights, second[0][1].weights)


def test_features_that_are_not_finite_are_named() -> None:
    features = np.full((4, 2), np.nan, np.float32)
    with pytest.raises(TrainingError, match=r"finite loss of the linear head at strength 0.1, got nan on 4 images"):
        list(fit_logistic_regressions(features, np.array([0, 1, 0, 1]), 2, (0.1,)))


def test_logits_of_a_matrix_by_hand() -> None:
    matrix = Matrix(np.array([[1, 2], [3, 4]], np.float32), np.array([10, 20], np.float32))
    np.testing.assert_array_equal(matrix.logits(np.array([[1, -1]], np.float32)), [[8, 18]])


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(np.float64(logits) - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
