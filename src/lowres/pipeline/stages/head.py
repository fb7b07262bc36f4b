"""The head stage: heads on the frozen trunk's features, validation chooses one; or none, to train from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.errors import TrainingError
from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.stages.features import wants_mirrored
from lowres.pipeline.training.mirroring import is_asked, mirroring_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lowres.networks.heads.feature_set import FeatureSet
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.training.head_report import HeadCandidate

FROZEN_MODEL_FILE = "checkpoints/frozen/model.keras"
FROZEN_HISTORY_FILE = "checkpoints/frozen/history.csv"


def _make(run: StudyRun) -> Made:
    return _chosen(run) if run.recipe.has_frozen_phase else _untrained(run)


def _chosen(run: StudyRun) -> Made:
    from lowres.files.atomic import atomic_write_text
    from lowres.networks.heads.fitting import train_head
    from lowres.networks.trained_classifier import TrainedClassifier
    from lowres.values.training.history import history_to_csv

    names, trunk = run.images.class_names, run.features.trunk
    features = _feature_set(run)
    if run.is_deterministic and "dense" in run.recipe.head.kinds:
        _prove_repeatable(run, features)
    head, report = train_head(
        features,
        len(names),
        trunk.output_shape[1:],
        run.recipe.head,
        run.recipe.frozen_phase,
        flipped_views=run.recipe.features.flipped_views,
        seed=run.recipe.seed,
        report=lambda candidate: run.progress.note(_in_words(candidate)),
        advance=run.progress.advance,
        watched=_Watchdog(run),
    )
    classifier = TrainedClassifier.from_parts(trunk, head, names)
    classifier.save(run.study.folder / FROZEN_MODEL_FILE)
    atomic_write_text(run.study.folder / FROZEN_HISTORY_FILE, history_to_csv(report.history))
    note = f"chose {_in_words(report.chosen)} (n = {report.validation_images:,})"
    facts = {"head": report.to_json()} | mirroring_facts(run, classifier)
    return Made((FROZEN_MODEL_FILE, FROZEN_HISTORY_FILE), facts=facts, note=note)


class _Watchdog:
    """Looks at a dense head epoch by epoch: alone it is stopped where it learns nothing, beside others told of."""

    def __init__(self, run: StudyRun) -> None:
        self._run, self._has_warned = run, False

    def __call__(self, losses: Sequence[float], predicted_counts: NDArray[np.int64]) -> None:
        import numpy as np

        from lowres.values.training.watchdog import goes_on, not_learning, watch

        run, classes = self._run, len(self._run.images.class_names)
        true = np.bincount(run.images.labels[run.split.validation], minlength=classes)
        seen = watch(losses, predicted_counts, true, recipe=run.recipe)
        if not seen.causes:
            return
        is_alone = run.recipe.head.kinds == ("dense",)
        if is_alone and (seen.health == "diverged" or not run.accepts_preflight):
            raise not_learning(seen, "the dense head")
        if not self._has_warned:
            beside = f"the dense head is {seen.health}: {seen.measured}; other heads are tried beside it"
            run.progress.note(goes_on(seen) if is_alone else beside)
        self._has_warned = True


def _untrained(run: StudyRun) -> Made:
    """The network at random, or as it was given, with the classifier it was published with; to be trained whole."""
    from lowres.files.atomic import atomic_write_text
    from lowres.networks.training.from_scratch import given_classifier, untrained_classifier
    from lowres.values.judging.calibration import negative_log_likelihood
    from lowres.values.training.head_report import HeadCandidate, HeadReport
    from lowres.values.training.history import history_to_csv

    recipe, images, validation = run.recipe, run.images, run.split.validation
    backbone, given = recipe.network.backbone, run.features.weights
    channels, classes = run.features.trunk.output_shape[-1], len(images.class_names)
    weights = given_classifier(backbone, given.tensors, channels, classes) if given else None
    if weights is None and recipe.fine_tuning.epochs == 0:
        raise TrainingError(
            f"expected weights of {backbone} with a classifier of {channels} channels and {classes} classes, as "
            'nothing is to be trained, got none; set fine_tuning.epochs, or head.kinds = ["linear"]; '
            "network.levels = last has the channels of the network as published"
        )
    classifier = untrained_classifier(
        backbone,
        run.features.trunk,
        images.class_names,
        images.pixels,
        run.split.train,
        recipe.seed,
        is_given=given is not None,
        weights=weights,
    )
    found = classifier.predict(images.pixels, images.ids, images.labels, validation, engine=recipe.features.engine)
    accuracy, nll = float(found.is_right.mean()), negative_log_likelihood(found)
    candidate = HeadCandidate("published", None, False, accuracy, nll, seconds=0.0)
    report = HeadReport((candidate,), candidate, len(run.split.train), len(validation))
    classifier.save(run.study.folder / FROZEN_MODEL_FILE)
    atomic_write_text(run.study.folder / FROZEN_HISTORY_FILE, history_to_csv(()))
    begins = "at random" if given is None else "as given, its head at random" if weights is None else "as given"
    note = f"{backbone} {begins}: validation accuracy {accuracy:.2%} (n = {len(validation):,})"
    return Made((FROZEN_MODEL_FILE, FROZEN_HISTORY_FILE), facts={"head": report.to_json()}, note=note)


def _feature_set(run: StudyRun) -> FeatureSet:
    from lowres.networks.heads.feature_set import FeatureSet

    train, validation = run.split.train, run.split.validation
    return FeatureSet(
        train=run.features.read(train),
        train_labels=run.images.labels[train],
        validation=run.features.read(validation),
        validation_labels=run.images.labels[validation],
        flipped_train=run.features.read(train, flipped=True) if wants_mirrored(run.recipe) else None,
        augmented_train=tuple(run.features.read_view(train, view) for view in range(run.recipe.augmented_frozen_views)),
    )


def _prove_repeatable(run: StudyRun, features: FeatureSet) -> None:
    """The other heads are solved, by operations that know no order."""
    from lowres.networks.heads.dense import DenseTraining, fit_dense
    from lowres.networks.training.determinism import UPDATES, prove_repeatable

    choices, classes = run.recipe.head, len(run.images.class_names)
    some = slice(0, choices.batch_images * UPDATES)
    part = features.train[some], features.train_labels[some]
    training = DenseTraining(1, choices.batch_images, choices.learning_rate, run.recipe.seed)
    prove_repeatable(lambda: vars(fit_dense(part, part, classes, training)[0]))
    run.progress.note(f"the first {UPDATES} updates of the dense head, made twice, gave the same bits")


def _in_words(candidate: HeadCandidate) -> str:
    return f"{candidate.name}: validation accuracy {candidate.validation_accuracy:.2%}"


STAGE = Stage(
    "head",
    _make,
    recipe_keys=("head", "frozen_phase", "seed"),
    reads=("split", "features"),
    other_inputs=lambda run: {"whether mirror images are asked about": str(is_asked(run))},
    uses_networks=True,
)
