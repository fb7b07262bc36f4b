"""One figure of a study with where it came from, and all of them by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal[
    "words",
    "version",
    "count",
    "number",
    "fraction",
    "points",
    "ratio",
    "bytes",
    "seconds",
    "epoch",
    "nats",
    "rate",
    "pixels",
    "degrees",
    "size",
    "range",
]
Value = float | int | str | tuple[float, ...]


@dataclass(frozen=True)
class Fact:
    """What a study says under one name.

    value: a number in its unit's own measure (a fraction, bytes, seconds), words, the sides of a `size`, or the ends of
    a `range`. origin: the file of the study and the key in it, or how it follows from such.
    """

    name: str
    value: Value
    unit: Unit
    origin: str

    @property
    def number(self) -> float:
        """The value as a number; refused with TypeError where it is none."""
        if isinstance(self.value, (int, float)):
            return float(self.value)
        raise TypeError(f"expected a number as {self.name!r}, got {self.value!r}")


class StudyFacts(Mapping[str, Fact]):
    """Every fact of a study by its name; a name that a study has no fact for is simply not there.

    class_names: in the study's order. source: what the data set is called.
    """

    def __init__(self, source: str, class_names: tuple[str, ...], facts: Iterable[Fact]) -> None:
        """Take the facts in their order; of two by one name the later counts."""
        self.source = source
        self.class_names = class_names
        self._facts = {fact.name: fact for fact in facts}

    def __getitem__(self, name: str) -> Fact:
        """The fact by that name."""
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of the facts."""
        return iter(self._facts)

    def __len__(self) -> int:
        """How many facts there are."""
        return len(self._facts)

    def number(self, name: str) -> float:
        """The value of a fact as a number; refused with KeyError where there is no such fact."""
        return self[name].number

    def words(self, name: str) -> str:
        """The value of a fact as text, empty where there is none."""
        return str(self[name].value) if name in self else ""

    def confused(self, true: str, predicted: str) -> Fact | None:
        """How many of one class were taken for another."""
        return self.get(confusion_name(true, predicted))

    def of_class(self, measure: str, name: str) -> Fact | None:
        """A class's precision, recall, f1 or support."""
        return self.get(class_name(measure, name))

    def ranked(self, measure: str) -> list[tuple[str, Fact]]:
        """Return the classes with one of their measures, the best first."""
        found = [(name, self[key]) for name in self.class_names if (key := class_name(measure, name)) in self]
        return sorted(found, key=lambda row: -row[1].number)

    def confusions(self) -> list[tuple[str, str, Fact]]:
        """Return (true, predicted, count) of every confusion that happened, most frequent first."""
        pairs = [
            (true, other, fact)
            for true in self.class_names
            for other in self.class_names
            if true != other and (fact := self.confused(true, other)) is not None and fact.number > 0
        ]
        return sorted(pairs, key=lambda row: -row[2].number)


def class_name(measure: str, name: str) -> str:
    """The name of the fact that tells a class's measure."""
    return f"{measure} of {name}"


def confusion_name(true: str, predicted: str) -> str:
    """The name of the fact that tells how many of one class were taken for another."""
    return f"{true} taken for {predicted}"
