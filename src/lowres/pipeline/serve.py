"""Finished studies become served models, and the shelf follows what lies in their folders."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.errors import LowresError, StudyError
from lowres.files.ledger import Ledger
from lowres.files.machine import give_back_memory
from lowres.files.study_folder import is_study, read_ledger
from lowres.files.version_folders import FoundVersion, find_versions, ledger_identity, pinned_version
from lowres.pipeline.evaluate import EVALUATION_FILE
from lowres.pipeline.predict_pictures import FinishedStudy, open_finished_study, open_study_engine

if TYPE_CHECKING:
    from socket import socket

    import numpy as np
    from numpy.typing import NDArray

    from lowres.faces.serving.limits import Limits
    from lowres.faces.serving.served_model import Confusion, Explain, HeatMap, ServedModel
    from lowres.faces.serving.shelf import Shelf
    from lowres.networks.engines import Engine
    from lowres.networks.trained_classifier import TrainedClassifier

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WARM_SIZES = 16
Note = Callable[[str], None]


@dataclass(frozen=True)
class ServedSource:
    """A name, and the folder its versions are in."""

    name: str
    folder: Path


def served_sources(words: Iterable[str]) -> tuple[ServedSource, ...]:
    """Return what `[NAME=]STUDY` words mean; without a name it is the folder's.

    Refused with StudyError: names that no address can hold, or that two folders share.
    """
    sources: dict[str, ServedSource] = {}
    for word in words:
        name, equals, path = word.partition("=")
        folder = Path(path if equals else word)
        name = name if equals else folder.resolve().name
        if not _NAME.fullmatch(name):
            raise StudyError(
                f"expected a name of letters, digits, dots, dashes and underscores for {folder}, got {name!r}; "
                f"name it: NAME={folder}"
            )
        if name in sources:
            raise StudyError(
                f"expected a name of its own for {folder}, got {name!r}, which {sources[name].folder} has; "
                f"name it: NAME={folder}"
            )
        sources[name] = ServedSource(name, folder)
    return tuple(sources.values())


@dataclass(frozen=True)
class ServingChoice:
    """What is served and how. kept: loaded versions a name. token: empty where everybody may ask."""

    sources: tuple[ServedSource, ...]
    limits: Limits
    token: str = ""
    explains: bool = True
    kept: int = 2


def serve_studies(choice: ServingChoice, socket: socket, say: Note, begun: Callable[[], None]) -> None:
    """Load what is asked for, then answer at the socket until SIGTERM or Ctrl-C, and finish what was taken.

    begun: called when the first request would be taken. Refused as `ShelfKeeper.open_all` refuses, before that.
    """
    from lowres.faces.serving.application import build_application
    from lowres.faces.serving.desk import Desk
    from lowres.faces.serving.page import render_page
    from lowres.faces.serving.server import Server

    desk = Desk(choice.limits)
    opener = ModelOpener(choice.limits.batch_pictures, choice.explains)
    keeper = ShelfKeeper(desk.shelf, choice.sources, opener, choice.kept, say)
    keeper.open_all()
    application = build_application(desk, render_page(), token=choice.token, look_again=keeper.look_again)
    Server(application, arrival_seconds=choice.limits.arrival_seconds, begun=begun).run([socket])


@dataclass(frozen=True)
class ModelOpener:
    """Opens a version of a study to be served, warmed up. explains: whether heat maps can be asked for."""

    batch_pictures: int
    explains: bool

    def open(self, name: str, version: int, folder: Path) -> ServedModel:
        """Return the study in the folder, ready to answer; several seconds.

        Refused as `open_finished_study` and `open_study_engine` refuse.
        """
        from lowres.faces.serving.served_model import ServedModel

        study, identity = open_finished_study(folder), ledger_identity(read_ledger(folder))
        evaluation = json.loads((folder / EVALUATION_FILE).read_bytes())
        classifier, engine = open_study_engine(study)
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


@dataclass
class ShelfKeeper:
    """Keeps a shelf as the folders are: loads what is new, takes away what is gone, and lets the right one answer.

    kept: how many versions of a name are loaded, the newest ones and the pinned one. say: told what was done.
    A version that cannot be loaded is told once, and tried again when its files change.
    """

    shelf: Shelf
    sources: tuple[ServedSource, ...]
    opener: ModelOpener
    kept: int = 2
    say: Note = lambda text: None
    _looks: dict[tuple[str, int], str] = field(default_factory=dict)

    def open_all(self) -> None:
        """Load what there is before anybody asks; refused as `ModelOpener.open` refuses where a name has nothing."""
        for source in self.sources:
            self.shelf.add(source.name)
            error = self._follow(source, find_versions(source.folder))
            if self.shelf.current(source.name) is None and error is not None:
                raise error

    def look_again(self) -> None:
        """Bring the shelf up to date; a folder that is gone or damaged changes nothing of what is served."""
        for source in self.sources:
            try:
                found = find_versions(source.folder)
            except (LowresError, OSError) as error:
                if self._looks.get((source.name, 0)) != str(error):
                    self.say(f"{source.name}: {error}")
                self._looks[source.name, 0] = str(error)
                continue
            self._looks.pop((source.name, 0), None)
            self._follow(source, found)

    def _follow(self, source: ServedSource, found: tuple[FoundVersion, ...]) -> LowresError | None:
        """Load, choose, drop; return why the newest of what was to be loaded was not."""
        pinned, error = pinned_version(source.folder), None
        wanted = [one for n, one in enumerate(found) if n < self.kept or one.number == pinned]
        for one in wanted:
            if self._looks.get((source.name, one.number)) != one.look:
                self._looks[source.name, one.number] = one.look
                error = self._load(source, one) or error
        self._choose(source, pinned)
        self._drop(source, {one.number for one in wanted}, is_study(source.folder))
        return error

    def _load(self, source: ServedSource, found: FoundVersion) -> LowresError | None:
        from lowres.faces.serving.shelf import State, VersionState

        loaded = self.shelf.loaded(source.name)
        identity = _identity(read_ledger(found.folder))
        if found.number in loaded and loaded[found.number].identity == identity:
            # Something else of the study was written, such as its report.
            return None
        if found.number not in loaded:
            self.shelf.note(source.name, VersionState(found.number, State.LOADING))
        self.say(f"{source.name} version {found.number}: loading {found.folder}")
        try:
            self.shelf.put(self.opener.open(source.name, found.number, found.folder))
        except (LowresError, OSError, KeyError, ValueError) as error:
            told = error if isinstance(error, LowresError) else StudyError(f"{found.folder} cannot be read ({error!r})")
            if found.number not in loaded:
                self.shelf.note(source.name, VersionState(found.number, State.END, str(told)))
            self.say(f"{source.name} version {found.number} is not served: {told}")
            return told
        self.say(f"{source.name} version {found.number} is loaded")
        return None

    def _choose(self, source: ServedSource, pinned: int | None) -> None:
        loaded = self.shelf.loaded(source.name)
        if not loaded:
            return
        number = pinned if pinned in loaded and pinned is not None else max(loaded)
        if self.shelf.current(source.name) != number:
            self.shelf.choose(source.name, number)
            self.say(f"{source.name}: version {number} answers now")

    def _drop(self, source: ServedSource, wanted: set[int], is_one_study: bool) -> None:
        """Take away what is no longer there, or too old; never the last one that answers.

        Of a study trained again in its place the version before lies in memory only, and stays as one of those kept.
        """
        loaded = sorted(self.shelf.loaded(source.name), reverse=True)
        stays = set(loaded[: self.kept]) if is_one_study else wanted
        for number in loaded:
            if number not in stays and len(self.shelf.loaded(source.name)) > 1:
                self.shelf.drop(source.name, number)
                give_back_memory()
                self._looks.pop((source.name, number), None)
                self.say(f"{source.name} version {number} is served no longer")
        for state in self.shelf.states(source.name):
            if state.version not in wanted and state.version not in self.shelf.loaded(source.name):
                self.shelf.forget(source.name, state.version)


def _identity(ledger: Ledger) -> str:
    return ledger_identity(ledger) if {"train", "evaluate"} <= set(ledger.stages) else ""


def _answer_of(engine: Engine) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    def answer(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        (logits,) = engine.run((pixels,))
        return logits

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
