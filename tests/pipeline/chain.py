"""Stages that write small text files, and someone who watches them run."""

from __future__ import annotations

from lowres.files.atomic import atomic_write_text
from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.study_run import StudyRun


class Watcher:
    """Collects what a run tells."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []

    def stage_begins(self, name, reasons):
        self.events.append(("begins", name, reasons))

    def stage_ends(self, name, seconds, note):
        self.events.append(("ends", name, note))

    def stage_stands(self, name, note):
        self.events.append(("stands", name, note))

    def note(self, text):
        self.events.append(("note", text))

    def advance(self, what, done, total):
        self.events.append(("advance", what, done, total))

    def curve(self, what, values):
        self.events.append(("curve", what, values))


def writing(name: str, text: str) -> Stage:
    """A stage of its own that writes `text` to a file."""

    def make(run: StudyRun) -> Made:
        atomic_write_text(run.study.folder / f"{name}.txt", text)
        return Made((f"{name}.txt",), note=f"wrote {text}")

    return Stage(name, make)


def _sum_up(run: StudyRun) -> Made:
    total = len((run.study.folder / "two.txt").read_text())
    return Made(key=f"length {total}", facts={"total": total}, note=f"{total} letters")


def _copy_seed(run: StudyRun) -> Made:
    atomic_write_text(run.study.folder / "two.txt", "x" * (3 + run.recipe.seed // 10))
    return Made(("two.txt",))


def chain(first_text: str = "one") -> tuple[Stage, ...]:
    """One -> two (reads the seed too, writes the same for any seed below 10) -> three (makes a key) -> four."""
    return (
        writing("one", first_text),
        Stage("two", _copy_seed, recipe_keys=("seed",), reads=("one",)),
        Stage("three", _sum_up, reads=("two",)),
        Stage("four", writing("four", "end").make, recipe_keys=("head",), reads=("three",)),
    )
