"""Claims that the document's own numbers settle: arithmetic, intervals, and definitions tried on a case."""

from __future__ import annotations

import math

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.utils.class_weight import compute_class_weight

from described.claim import Claim
from lowres.values.judging.intervals import wilson_interval

# The document's own figures, each quoted in the claim that uses it.
FROZEN, VALIDATION, TEST = 0.105, 0.490, 0.489
VALIDATION_IMAGES, TEST_IMAGES = 2000, 10_000
FROZEN_MINUTES, FROZEN_MINUTES_ELSEWHERE, FROZEN_EPOCHS = 15, 28, 12
FINE_TUNING_MINUTES, FINE_TUNING_EPOCHS, ALL_MINUTES = 49, 30, 77


def claims() -> list[Claim]:
    """Return every claim that needs no network and no images."""
    return [
        *_chance(),
        *_minutes(),
        *_accuracies(),
        *_classes(),
        *_confusions(),
        *_maps(),
        *_beyond_reach(),
    ]


def _chance() -> list[Claim]:
    interval = wilson_interval(round(FROZEN * VALIDATION_IMAGES), VALIDATION_IMAGES)
    return [
        Claim(
            "6 Q2",
            "Random guessing.",
            "right",
            "Chance is {chance:.0%}, and section 7's 10.5 % of 2,000 images has a 95 % interval of {interval[0]:.1%} "
            "to "
            "{interval[1]:.1%}, which holds it.",
            {"chance": 1 / 10, "interval": list(interval)},
            holds=interval[0] < 0.1 < interval[1],
        ),
        Claim("6 Q3", "log(10) ≈ 2.303.", "right", "ln 10 = {nats:.4f}.", {"nats": math.log(10)}),
        Claim(
            "6 Q8",
            "EarlyStopping (patience=5), ReduceLROnPlateau (factor=0.5, patience=3)",
            "right",
            "The rate can drop {room} epochs before training stops; with the patience the other way round it never "
            "would.",
            {"room": 5 - 3},
        ),
        Claim("7 Q8", "4.7x improvement (10.5% → 49%", "right", "49 / 10.5 = {ratio:.2f}.", {"ratio": 49 / 10.5}),
        Claim("8 Q6", "16.1 percentage points", "right", "65 - 48.9 = {gap:.1f}.", {"gap": 65 - 48.9}),
    ]


def _minutes() -> list[Claim]:
    frozen, elsewhere = (60 * minutes / FROZEN_EPOCHS for minutes in (FROZEN_MINUTES, FROZEN_MINUTES_ELSEWHERE))
    figures = {
        "first": FROZEN_MINUTES,
        "second": FROZEN_MINUTES_ELSEWHERE,
        "sum_first": FROZEN_MINUTES + FINE_TUNING_MINUTES,
        "sum_second": FROZEN_MINUTES_ELSEWHERE + FINE_TUNING_MINUTES,
        "frozen_epoch_seconds": [frozen, elsewhere],
        "fine_tuning_epoch_seconds": 60 * FINE_TUNING_MINUTES / FINE_TUNING_EPOCHS,
    }
    return [
        Claim(
            "10 Q6",
            "~77 minutes (28 min Phase 1 + 49 min Phase 2)",
            "contradicts itself",
            "28 + 49 is {sum_second}, but section 6 gives phase 1 {first} minutes, which makes {sum_first}.",
            figures,
        ),
        Claim(
            "6 Q7",
            "~15 minutes for 12 epochs (early stopped).",
            "contradicts itself",
            "{first} minutes here, {second} in section 10. At {second}, a frozen epoch takes "
            "{frozen_epoch_seconds[1]:.0f} s, longer than a fine-tuning epoch ({fine_tuning_epoch_seconds:.0f} s), "
            "which does all of its work and conv5's backward pass too; at {first} it takes "
            "{frozen_epoch_seconds[0]:.0f} s.",
            figures,
        ),
    ]


def _accuracies() -> list[Claim]:
    validation = wilson_interval(round(VALIDATION * VALIDATION_IMAGES), VALIDATION_IMAGES)
    test = wilson_interval(round(TEST * TEST_IMAGES), TEST_IMAGES)
    error = math.hypot(*(math.sqrt(p * (1 - p) / n) for p, n in ((VALIDATION, 2000), (TEST, 10_000))))
    figures = {"validation": list(validation), "test": list(test), "gap_error_points": 196 * error}
    return [
        Claim(
            "8 Q1",
            "The small gap (0.1%) indicates consistent generalization.",
            "does not follow",
            "The 95 % intervals are {validation[0]:.1%} to {validation[1]:.1%} (n = 2,000) and {test[0]:.1%} to "
            "{test[1]:.1%} (n = 10,000): a gap of up to {gap_error_points:.1f} points would be chance as well, and "
            "validation had chosen the epoch. A network at chance has a small gap too.",
            figures,
        ),
        Claim(
            "10 Q5",
            "What causes run-to-run variance (44-49%)?",
            "contradicts itself",
            'One result is reported, 48.9 % on test, the top of that range; the general section says "Current accuracy '
            "(44%)\". The test's own 95 % interval is only {half_width:.1f} points either way, so five points are "
            "more than the draw of test images explains. Why seeds did not hold: see 1 Q5.",
            {"half_width": 50 * (test[1] - test[0])},
        ),
        Claim(
            "G Q2",
            "Current accuracy (44%) would need improvement",
            "contradicts itself",
            "Section 8 reports {test:.1%}.",
            {"test": TEST},
        ),
    ]


def _classes() -> list[Claim]:
    cat = 0.21
    return [
        Claim(
            "8 Q2",
            "Best: Ship (65% precision), Automobile (62% precision). Worst: Cat (21% F1), Bird (26% F1).",
            "does not follow",
            "Best is told by precision and worst by F1, so the two ends are of different rankings; a class named "
            "rarely "
            "and surely has a high precision and a low F1 ({rare:.2f} for precision 1 and recall 0.1).",
            {"rare": 2 * 1 * 0.1 / 1.1},
        ),
        Claim(
            "8 Q3",
            "Cat/Bird have low F1 because both precision AND recall are poor.",
            "does not follow",
            "F1 = 0.21 says that one of the two is at most 0.21; precision 1 with recall {recall:.3f} gives it too "
            "(scikit-learn on such a case: {check:.3f}).",
            {"recall": cat / (2 - cat), "check": _f1_of_perfect_precision(1000, round(1000 * cat / (2 - cat)))},
        ),
    ]


def _confusions() -> list[Claim]:
    weights = compute_class_weight("balanced", classes=np.arange(10), y=np.repeat(np.arange(10), 800))
    matrix = confusion_matrix([0, 0, 1], [0, 1, 1]).tolist()
    return [
        Claim(
            "8 Q5",
            "True labels on y-axis, predicted labels on x-axis.",
            "right",
            "scikit-learn's orientation: for true 0, 0, 1 and predicted 0, 1, 1 the matrix is {matrix}.",
            {"matrix": matrix},
        ),
        Claim(
            "8 Q8",
            "Class-weighted loss",
            "wrong",
            "The classes are balanced, so balanced weights are all {weights[0]:.1f} and the loss is what it was.",
            {"weights": weights.tolist()},
        ),
        Claim(
            "9 Q7",
            "Confused pairs (cat/dog) show attention on overlapping features like fur texture.",
            "contradicts itself",
            "Section 8 lists the main confusion pairs, and cat/dog is not among them (Cat→Frog is). Ship, the best "
            "class there, is also the largest pair: 237 of 1,000 ships taken for airplanes leave a recall of at most "
            "{recall:.1%}.",
            {"recall": 1 - 237 / 1000},
        ),
    ]


def _maps() -> list[Claim]:
    raw = np.array([-3.0, 0.0, 3.0])
    normalised = (np.maximum(raw, 0) / raw.max()).tolist()
    return [
        Claim(
            "6 Q5",
            "This introduces artifacts when upscaling 7x",
            "right",
            "224 / 32 = {factor:.0f}; the factor is right. What bilinear costs against bicubic was not measured.",
            {"factor": 224 / 32},
        ),
        Claim(
            "9 Q9",
            "Coarse 7x7 heatmap on 32x32 images",
            "right",
            "One cell covers {pixels:.1f} pixels of the original each way.",
            {"pixels": 32 / 7},
        ),
        Claim(
            "9 Q6",
            "Low influence on the prediction.",
            "wrong",
            "After ReLU, evidence against the class is as cold as none: raw {raw} becomes {normalised}.",
            {"raw": raw.tolist(), "normalised": normalised},
        ),
    ]


def _beyond_reach() -> list[Claim]:
    no_card = "No such card is at hand; TensorFlow's guide says it maps nearly all of the memory, to avoid fragments."
    return [
        Claim("1 Q1", "TensorFlow reserves 100% of VRAM immediately", "cannot be checked", no_card),
        Claim(
            "1 Q4",
            "Training will be significantly slower (10-50x) but will still complete.",
            "cannot be checked",
            "That it completes is shown by every figure of lowres, measured without a GPU. The factor is the T1000's.",
        ),
        Claim(
            "1 Q7",
            "It's the latest stable version with Keras 3.x integration.",
            "cannot be checked",
            "Which was the latest is a matter of the day. It is no reason for 2.20: Keras 3 comes with every "
            "TensorFlow "
            "since 2.16, and the commands here ran on the one named above.",
        ),
        Claim(
            "4 Q7",
            "Augmentation runs on GPU during training batches, which is faster than CPU-based preprocessing.",
            "cannot be checked",
            "No GPU is at hand. Thread keras-cv#581 has a case six times slower; lowres' preflight times it.",
        ),
        Claim(
            "8 Q4",
            "Ship→Airplane (237, similar shapes), Deer→Horse (232, similar silhouettes), Cat→Frog (218), Bird→Deer "
            "(208)",
            "cannot be checked",
            'Counts of one run of one network whose weights and predictions were not handed over; "similar shapes" is '
            "an opinion beside a number. A study writes its own pairs into evaluation.json.",
        ),
        Claim(
            "10 Q7",
            "8 figures (PNG), 6+ model files (Keras, pickle, numpy)",
            "cannot be checked",
            "None of them was handed over.",
        ),
    ]


def _f1_of_perfect_precision(positives: int, found: int) -> float:
    truth = np.repeat([1, 0], positives)
    said = np.zeros(2 * positives, int)
    said[:found] = 1
    return float(f1_score(truth, said))
