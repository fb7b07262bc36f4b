"""Finished studies become served models, and the shelf follows what lies in their folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import LowresError, StudyError
from lowres.files.machine import give_back_memory
from lowres.files.study.ledger import Ledger
from lowres.files.study.study_folder import is_study, read_ledger
from lowres.files.study.version_folders import FoundVersion, find_versions, ledger_identity, pinned_version
from lowres.pipeline.serving.model_opener import ModelOpener
from lowres.pipeline.serving.people_pages import people_pages

if TYPE_CHECKING:
    from socket import socket

    from lowres.faces.serving.limits import Limits
    from lowres.faces.serving.recording import Recorder
    from lowres.faces.serving.shelf import Shelf
    from lowres.values.monitoring.picture_policy import PicturePolicy

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
Note = Callable[[str], None]


@dataclass(frozen=True)
class ServedSource:
    """A name, and the folder its versions are in."""

    name: str
    folder: Path

    def study_of(self, version: int) -> Path:
        """Return the study folder of a version."""
        return self.folder if is_study(self.folder) else self.folder / str(version)


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
class RecordingChoice:
    """Where predictions are recorded (a file or a URL), which pictures are kept with them, and for how many days."""

    store: str
    policy: PicturePolicy
    keep_days: float = 30


@dataclass(frozen=True)
class ServingChoice:
    """What is served and how.

    kept: loaded versions a name. token: empty where everybody may ask. recording: None where nothing is recorded.
    """

    sources: tuple[ServedSource, ...]
    limits: Limits
    token: str = ""
    explains: bool = True
    kept: int = 2
    recording: RecordingChoice | None = None


def serve_studies(choice: ServingChoice, socket: socket, say: Note, begun: Callable[[], None]) -> None:
    """Load what is asked for, then answer at the socket until SIGTERM or Ctrl-C, and finish what was taken.

    begun: called when the first request would be taken. Refused as `ShelfKeeper.open_all` and `open_store` refuse,
    before that.
    """
    from lowres.faces.serving.application import build_application
    from lowres.faces.serving.desk import Desk
    from lowres.faces.serving.page import render_page
    from lowres.faces.serving.server import Server

    recorder = None if choice.recording is None else _open_recorder(choice.recording, say)
    desk = Desk(choice.limits, recorder)
    opener = ModelOpener(choice.limits.batch_pictures, choice.explains, with_embedding=recorder is not None)
    keeper = ShelfKeeper(desk.shelf, choice.sources, opener, choice.kept, say)
    try:
        keeper.open_all()
    except LowresError:
        desk.close()
        raise
    recording, page, pages = choice.recording, render_page(), None
    if recording is not None:
        page = render_page(recording.policy, recording.keep_days)
        pages = people_pages(recording.store, recording.policy, keeper.answering)
    application = build_application(
        desk,
        page,
        token=choice.token,
        look_again=keeper.look_again,
        dashboard=pages.dashboard if pages else None,
        review=pages.review if pages else None,
    )
    Server(application, arrival_seconds=choice.limits.arrival_seconds, begun=begun).run([socket])


def _open_recorder(choice: RecordingChoice, say: Note) -> Recorder:
    from lowres.faces.serving.recording import Recorder
    from lowres.files.monitoring.store import open_store

    store = open_store(choice.store, note=say)
    kept = f"{choice.policy.keep} pictures"
    kept += f", for {choice.keep_days:g} days" if choice.policy.keep != "none" else ""
    say(f"predictions are recorded in {store.shown}; kept: {kept}")
    return Recorder(store, choice.policy, keep_days=choice.keep_days, say=say)


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

    def answering(self, name: str) -> Path:
        """Return the study folder of the version that answers by a name."""
        (source,) = (one for one in self.sources if one.name == name)
        return source.study_of(self.shelf.model(name).version)

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
