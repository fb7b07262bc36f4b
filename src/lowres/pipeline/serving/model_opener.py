"""A version of a study on disk becomes a served model: loaded, warmed up, with what its evaluation knows of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.files.study.study_folder import read_ledger
from lowres.files.study.version_folders import ledger_identity
from lowres.pipeline.predict_pictures import FinishedStudy, open_finished_study, open_study_engine
from lowres.pipeline.stages.evaluate import EVALUATION_FILE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.faces.serving.served_model import Confusion, Explain, HeatMap, ServedModel
    from lowres.networks.engines import Engine
    from lowres.networks.trained_classifier import TrainedClassifier

_WARM_SIZES = 16


@dataclass(frozen=True)
class ModelOpener:
    """Opens a version of a study to be served, warmed up.

    explains: whether heat maps can be asked for. with_embedding: whether answers bring their embedding, to be recorded.
    """

    batch_pictures: int
    explains: bool
    with_embedding: bool = False

    def open(self, name: str, version: int, folder: Path) -> ServedModel:
        """Return the study in the folder, ready to answer; several seconds.

        Refused as `open_finished_study` and `open_study_engine` refuse.
        """
        from lowres.faces.serving.served_model import ServedModel

        study, identity = open_finished_study(folder), ledger_identity(read_ledger(folder))
        evaluation = json.loads((folder / EVALUATION_FILE).read_bytes())
        classifier, engine = open_study_engine(study, self.with_embedding)
        answer = _answer_of(engine)
        self._warm_up(study, answer)
        return ServedModel(
            name=name,
            version=version,
            identity=identity,
            class_names=study.class_names,
            size=study.size,
            fit=study.recipe.images.fit,
            rules=study.rules,
            engine=f"{engine.name} {engine.precision}",
            answer=answer,
            parallel_batches=engine.parallel_batches,
            explain=_explain_of(study, classifier) if self.explains else None,
            answered=_answered(evaluation, study.class_names),
            mistaken_for=_mistaken_for(evaluation, study.class_names),
        )

    def _warm_up(self, study: FinishedStudy, answer: Callable[[NDArray[np.uint8]], NDArray[np.float32]]) -> None:
        """Batches of every usual size once: what an engine prepares for each is ready before anybody waits for it."""
        import numpy as np

        for size in {*range(1, min(_WARM_SIZES, self.batch_pictures) + 1), self.batch_pictures}:
            answer(np.zeros((size, study.size[1], study.size[0], 3), np.uint8))


def _answer_of(engine: Engine) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    def answer(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        (outputs,) = engine.run((pixels,))
        return outputs

    return answer


def _explain_of(study: FinishedStudy, classifier: TrainedClassifier) -> Explain:
    import numpy as np

    from lowres.faces.serving.served_model import HeatMap
    from lowres.networks.explaining import Explainer
    from lowres.values.explaining.class_activation import find_method

    choices, features = study.recipe.explanation, study.recipe.features
    explainer = Explainer(classifier, choices.layer, engine=features.engine, precision=features.precision)
    title = find_method(choices.method).title

    def explain(pixels: NDArray[np.uint8], target: int, against: int | None) -> HeatMap:
        other = None if against is None else np.array([against])
        maps = explainer.maps(pixels[None], np.array([target]), other, method=choices.method)
        return HeatMap(maps[0], title, explainer.layer)

    explain(np.zeros((study.size[1], study.size[0], 3), np.uint8), 0, None)
    return explain


def _answered(evaluation: dict[str, Any], names: tuple[str, ...]) -> dict[str, int]:
    """How many test images were answered with each class."""
    columns = zip(*evaluation["confusion"], strict=True)
    return {name: int(sum(column)) for name, column in zip(names, columns, strict=True)}


def _mistaken_for(evaluation: dict[str, Any], names: tuple[str, ...]) -> dict[str, tuple[Confusion, ...]]:
    """For each answer, which classes the test images really had that got it by mistake, commonest first."""
    from lowres.faces.serving.served_model import Confusion

    found: dict[str, list[Confusion]] = {name: [] for name in names}
    for pair in evaluation["confusion_pairs"]:
        found[pair["predicted"]].append(Confusion(str(pair["true"]), int(pair["count"])))
    return {name: tuple(sorted(pairs, key=lambda one: -one.count)) for name, pairs in found.items()}
