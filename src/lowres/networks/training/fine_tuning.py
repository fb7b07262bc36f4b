"""Fine-tuning: the upper part of a trunk and its head trained together, epoch by epoch, safe against interruption."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from lowres.networks.training.batches import TrainingPart
from lowres.networks.training.determinism import UPDATES, prove_repeatable
from lowres.networks.training.out_of_memory import is_out_of_memory, memory_errors
from lowres.networks.training.run import LAST, Outcome, Training
from lowres.networks.training.run_state import MemoryStore, RunStateStore, put_back, values_of
from lowres.networks.training.trainable_network import TrainableNetwork
from lowres.networks.training.watcher import SilentWatcher, Watcher
from lowres.values.recipes.recipe import Recipe
from lowres.values.training.schedule import TrainingLength, fine_tuning_length
from lowres.values.training.training_progress import TrainingProgress


def fine_tune(
    network: TrainableNetwork,
    part: TrainingPart,
    recipe: Recipe,
    *,
    store: RunStateStore | None = None,
    watcher: Watcher | None = None,
    proves_repeatable: bool = False,
    goes_on_at_chance: bool = False,
) -> Outcome:
    """Train the network as `recipe.fine_tuning` says and leave the weights that are to be kept in it.

    Judged before the first and after each epoch on the validation part, with the averaged weights where the recipe
    averages; under keep = "best" a network that training only made worse stays as it was. A training that was
    interrupted goes on from the last epoch `store` holds, and ends with the weights it would have had.
    When memory ends, passes are halved and their gradients accumulated, from the last whole epoch on.
    proves_repeatable: make the first updates twice before anything else, and compare them. goes_on_at_chance: one
    that learns nothing is told of and not stopped.
    Refused with TrainingError: a training that learns nothing, with the likely causes; memory for not even one image;
    one that was to be repeatable and is not.
    """
    store, watcher = store or MemoryStore(), watcher or SilentWatcher()
    length = fine_tuning_length(recipe.fine_tuning, len(part.training_labels))
    asked = recipe.fine_tuning.batch_images * recipe.fine_tuning.accumulation_steps
    if length.batch_images * length.accumulation_steps != asked:
        watcher.note(
            f"{length.batch_images} images an update in place of {asked}: the training part has {length.images}"
        )
    start, earlier = values_of({"changing": network.changing}), _seconds_so_far(store)
    while True:
        try:
            if proves_repeatable:
                prove_repeatable(partial(_first_updates, network, part, recipe, length))
                watcher.note(f"the first {UPDATES} updates, made twice, gave the same bits")
            outcome = Training(network, part, recipe, length, store, watcher, goes_on_at_chance).run()
            return replace(outcome, earlier_seconds=earlier)
        except memory_errors() as error:
            if not is_out_of_memory(error):
                raise
            length = length.halved()
            put_back({"changing": network.changing}, start)
            mixed = recipe.fine_tuning.mixup_alpha or recipe.fine_tuning.cutmix_alpha
            watcher.note(
                f"memory ended: {length.batch_images} images a pass from here on, {length.accumulation_steps} passes "
                "an update, so that the training stays what the recipe says"
                + (", but that images are mixed with those of their own pass" if mixed else "")
            )


def _seconds_so_far(store: RunStateStore) -> float:
    """Of the epochs that an earlier process left."""
    found = store.load(LAST)
    return sum(row.seconds for row in TrainingProgress.from_json(found.facts).rows) if found else 0.0


def _first_updates(
    network: TrainableNetwork, part: TrainingPart, recipe: Recipe, length: TrainingLength
) -> dict[str, NDArray[Any]]:
    """What they are made of and what they make, by name; the network is put back as it was."""
    start = values_of({"changing": network.changing})
    found = Training(network, part, recipe, length, MemoryStore(), SilentWatcher()).first_updates()
    put_back({"changing": network.changing}, start)
    return found
