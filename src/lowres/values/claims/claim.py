"""The claims of a text about a study: each with what the study says of it, and where it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lowres.values.claims.passage import Sentence, sentences
from lowres.values.claims.quantities import QUANTITIES
from lowres.values.claims.quantity import CLOSE, FIRST, OPEN, Phase, Quantity
from lowres.values.claims.verdict import agrees
from lowres.values.claims.written_number import WrittenNumber, written_numbers
from lowres.values.study_facts.fact import Fact, StudyFacts

Verdict = Literal["confirmed", "contradicted", "unknown"]
_NEAR = 40
_FROZEN = re.compile(
    r"\bphase (?:1|one)\b|\bfrozen\b|\bfreez|\bhead (?:alone|only)|\bfeature extraction|\bfirst phase", re.IGNORECASE
)
_TUNED = re.compile(r"\bphase (?:2|two)\b|\bfine-?tun|\bunfr[oe]|\bsecond phase", re.IGNORECASE)
_SUPPOSED = re.compile(
    r"\b(?:if|would|could|might|may|should|suppose|assum\w+|imagine|hypothetical\w*|expect\w*|hop(?:e|ed|ing)|unless|"
    r"aim(?:ed|ing)?|plan(?:ned)?|likely|potential\w*|typical\w*|usual\w*|in general|for example|e\.g\.)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|never|no|without|didn't|doesn't|don't|wasn't|isn't|weren't|failed to|fails to|neither|nor)\b|n't\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"\b(?:instead of|rather than|as opposed to|unlike|compared (?:to|with)|not)\s*(?:the |a )?$", re.IGNORECASE
)
_OTHERS = re.compile(
    r"\bpapers?\b|\bliterature\b|state[ -]of[ -]the[ -]art|\bSOTA\b|\bhumans?\b|\bpeople reach|\bet al\b|"
    r"\bleaderboards?\b|"
    r"\bother (?:models?|teams?|groups?|networks?|studies|students|systems?|people)\b|\banother (?:model|team|"
    r"group|network|study|student|system)\b|"
    r"\bcompetitors?\b|\bprior work\b|\bprevious (?:work|version|study|project|semester|year)\b|\bimagenet\b|"
    r"\bpublished\b|\btheir\b|\blast year",
    re.IGNORECASE,
)
_NETWORKS = re.compile(
    r"\b(?:(?:wide)?resnet|resnext|vgg|efficientnet(?:v2)?|mobilenet|densenet|inception|xception|convnext|vit|swin|alexnet|lenet)"
    r"[\w-]*\b",
    re.IGNORECASE,
)
_AFTER_CLASS = re.compile(r"\s*(?:→|->|,|:|\(|precision|recall|f1)", re.IGNORECASE)
_BEFORE_CLASS = re.compile(
    r"(?:→|->|\b(?:class|digit|called|named|taken for)|\b(?:recall|precision|f1) (?:of|for|on)|\bthe) *$", re.IGNORECASE
)
_DATA_SETS = re.compile(
    r"\b(?:cifar-?100|cifar-?10|imagenet|(?:fashion-?)?mnist|svhn|stl-?10|tiny ?imagenet|digits data set)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Claim:
    """A number someone wrote about a study.

    line: from 1. written: as it stands there. said: the sentence around it. quantity: what it is of. facts: those of
    the study that answer it, the one that agrees first; none where the study cannot know, and `reason` says why.
    """

    line: int
    written: str
    said: str
    quantity: str
    verdict: Verdict
    facts: tuple[Fact, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class _Match:
    quantity: Quantity
    number: int
    length: int
    classes: tuple[tuple[str, str], ...]


def claims_of(text: str, facts: StudyFacts) -> tuple[Claim, ...]:
    """Return the numeric claims about the study in a Markdown text, in their order.

    A number that no wording of `QUANTITIES` reaches is no claim, and neither is one that is only supposed or denied, or
    said of another system.
    """
    table = [(row, row.compiled(facts.class_names)) for row in QUANTITIES]
    return tuple(claim for sentence in sentences(text) for claim in _claims(sentence, facts, table))


_Table = list[tuple[Quantity, tuple[re.Pattern[str], ...]]]


def _claims(sentence: Sentence, facts: StudyFacts, table: _Table) -> Iterator[Claim]:
    numbers = _amounts(sentence.text, facts.class_names)
    if not numbers:
        return
    marked, places = _marked(sentence.text, numbers)
    phase = _phase(sentence)
    matches: dict[int, _Match] = {}
    for quantity, patterns in table:
        if quantity.fits(sentence.context, phase):
            for match in _matches(quantity, patterns, marked, numbers, sentence.is_first):
                near = marked[max(0, places[match.number] - _NEAR) : places[match.number] + _NEAR]
                if quantity.unless and re.search(quantity.unless, near, re.IGNORECASE):
                    continue
                best = matches.get(match.number)
                if (best is None or match.length > best.length) and _could_be(numbers[match.number], match, facts):
                    matches[match.number] = match
    for number in sorted(matches):
        if not _is_set_aside(sentence, numbers[number], matches[number].quantity, facts):
            yield _judged(sentence, numbers[number], matches[number], facts)


def _amounts(text: str, class_names: tuple[str, ...]) -> tuple[WrittenNumber, ...]:
    """The numbers of a sentence but those that name a class, such as the 7 in "7 → 1 (12)"."""
    numbers = written_numbers(text)
    if not any(name.isdecimal() for name in class_names):
        return numbers
    return tuple(
        number
        for number in numbers
        if number.text not in class_names
        or not (_AFTER_CLASS.match(text[number.end :]) or _BEFORE_CLASS.search(text[: number.start]))
    )


def _matches(
    quantity: Quantity,
    patterns: tuple[re.Pattern[str], ...],
    marked: str,
    numbers: tuple[WrittenNumber, ...],
    is_first: bool,
) -> Iterator[_Match]:
    for form, pattern in zip(quantity.forms, patterns, strict=False):
        if form.startswith("{start}") and "uint8" not in form and not is_first:
            continue
        for match in pattern.finditer(marked):
            number = ord(match["n"]) - FIRST
            if numbers[number].kind in quantity.kinds and (numbers[number].is_range or not quantity.is_range):
                classes = tuple((name, text) for name, text in match.groupdict().items() if name != "n" and text)
                yield _Match(quantity, number, len(match[0]), classes)


def _marked(text: str, numbers: tuple[WrittenNumber, ...]) -> tuple[str, dict[int, int]]:
    """The text with every number as a mark, and where each mark stands."""
    marked, place, places = "", 0, {}
    for index, number in enumerate(numbers):
        marked += text[place : number.start]
        places[index] = len(marked)
        marked += f"{OPEN}{chr(FIRST + index)}{CLOSE}"
        place = number.end
    return marked + text[place:], places


def _phase(sentence: Sentence) -> Phase:
    """Which phase a sentence is about: by its own words, else by its question, else by its headings."""
    for words in (sentence.text, sentence.question, sentence.heading):
        frozen, tuned = _FROZEN.search(words), _TUNED.search(words)
        if frozen and not tuned:
            return "frozen"
        if tuned and not frozen:
            return "tuned"
        if frozen and tuned:
            return ""
    return ""


def _is_set_aside(sentence: Sentence, number: WrittenNumber, quantity: Quantity, facts: StudyFacts) -> bool:
    """Whether the number is only supposed, denied, or said of another system or data set."""
    before = sentence.text[: number.start]
    if _INSTEAD.search(before):
        return True
    named = {re.sub(r"\W", "", name.lower()) for name in _DATA_SETS.findall(sentence.text)}
    own = re.sub(r"\W", "", facts.source.lower())
    if named and own not in named and not any(own in name or name in own for name in named):
        return True
    if quantity.is_setting:
        return False
    clause = re.split(r"[,;:(]\s|\bbut\b", before)[-1]
    if _SUPPOSED.search(before) or _DENIED.search(clause) or _OTHERS.search(sentence.text):
        return True
    backbone = re.sub(r"\W", "", facts.words("backbone").lower())
    other = [re.sub(r"\W", "", name.lower()) for name in _NETWORKS.findall(sentence.text)]
    return any(name not in backbone and backbone not in name for name in other)


def _could_be(number: WrittenNumber, match: _Match, facts: StudyFacts) -> bool:
    return all(_is_likely(number, fact) for fact in _answering(match, facts))


def _answering(match: _Match, facts: StudyFacts) -> list[Fact]:
    """The facts of the study that answer what was matched."""
    classes = {name: _class_called(text, facts) for name, text in match.classes}
    return [facts[name] for name in (_filled(name, classes) for name in match.quantity.facts) if name in facts]


def _is_likely(number: WrittenNumber, fact: Fact) -> bool:
    """Whether a number looks like what it would claim: a count is whole, and a share is not "3"."""
    if number.kind != "plain" or number.is_range:
        return True
    if fact.unit in ("count", "epoch"):
        return bool(number.magnitude) or number.steps[0] >= 1
    return fact.unit not in ("fraction", "points") or number.values[0] <= 1 or number.steps[0] < 1


def _judged(sentence: Sentence, number: WrittenNumber, match: _Match, facts: StudyFacts) -> Claim:
    classes = {name: _class_called(text, facts) for name, text in match.classes}
    quantity, found = match.quantity, _answering(match, facts)
    agreeing = [fact for fact in found if agrees(number, fact)]
    verdict: Verdict = "confirmed" if agreeing else "contradicted" if found else "unknown"
    return Claim(
        line=sentence.line_at(number.start),
        written=number.text,
        said=" ".join(sentence.text.replace("\N{ZERO WIDTH SPACE}", "").split()),
        quantity=_filled(quantity.name, classes),
        verdict=verdict,
        facts=tuple(agreeing[:1] or found),
        reason="" if found else quantity.lacking,
    )


def _filled(words: str, classes: dict[str, str]) -> str:
    for name, called in classes.items():
        words = words.replace(f"{{{name}}}", called)
    return words


def _class_called(text: str, facts: StudyFacts) -> str:
    return next((name for name in facts.class_names if name.lower() == text.lower()), text)
