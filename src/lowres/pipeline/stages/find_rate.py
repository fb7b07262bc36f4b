"""The rate stage, aside from the others: learning rates from tiny to huge tried on a few updates, none of them kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.errors import RecipeError
from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.stages.head import FROZEN_MODEL_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lowres.pipeline.study_run import StudyRun

RATE_FILE = "learning_rate.json"
FIGURE_FILE = "figures/learning_rate.png"


def _make(run: StudyRun) -> Made:
    from lowres.faces.figures import write_figures
    from lowres.faces.figures.learning_rates import learning_rates
    from lowres.files.atomic import atomic_write_json
    from lowres.values.training.rate_search import rising_rates, search_rate

    choices, name = run.recipe.fine_tuning, run.recipe.name
    if not choices.epochs:
        raise RecipeError(
            f"expected a recipe that fine-tunes, got {name} with fine_tuning.epochs = 0; try --recipe transfer"
        )
    rates = rising_rates()
    search = search_rate(rates, _losses(run, rates))
    drawing = learning_rates(search, choices.learning_rate)
    write_figures((run.study.folder / FIGURE_FILE).parent, [drawing])
    atomic_write_json(run.study.folder / RATE_FILE, search.to_json() | {"recipe": choices.learning_rate})
    note = (
        f"try --set fine_tuning.learning_rate={search.suggested:g} (the recipe has {choices.learning_rate:g}); "
        f"the loss was near its lowest up to {search.edge:.1e}, see {FIGURE_FILE}"
    )
    return Made((RATE_FILE, FIGURE_FILE), note=note)


def _losses(run: StudyRun, rates: tuple[float, ...]) -> Iterator[float]:
    """The loss met by an update at each rate, of the network that fine-tuning would begin with."""
    from lowres.files.atomic import scratch_folder
    from lowres.networks.trained_classifier import TrainedClassifier
    from lowres.networks.training.batches import TrainingPart
    from lowres.networks.training.run import Training
    from lowres.networks.training.run_state import MemoryStore
    from lowres.networks.training.watcher import SilentWatcher
    from lowres.pipeline.training.activations import StudyInputs
    from lowres.pipeline.training.tuned_network import network_to_train
    from lowres.values.training.schedule import fine_tuning_length

    classifier = TrainedClassifier.load(run.study.folder / FROZEN_MODEL_FILE)
    network = network_to_train(run, classifier)
    labels, split = run.images.labels, run.split
    length = fine_tuning_length(run.recipe.fine_tuning, len(split.train))
    with scratch_folder(run.study.folder, "rates") as folder:
        inputs = StudyInputs(run, network, folder)
        part = TrainingPart(inputs, labels[split.train], labels[split.validation], len(run.images.class_names))
        training = Training(network, part, run.recipe, length, MemoryStore(), SilentWatcher())
        for done, loss in enumerate(training.losses_at(rates), start=1):
            run.progress.advance("rates tried", done, len(rates))
            yield loss


STAGE = Stage(
    "find-rate",
    _make,
    recipe_keys=("fine_tuning", "augmentation", "seed"),
    reads=("split", "features", "head"),
    uses_networks=True,
)
