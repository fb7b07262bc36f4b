"""The slides of a study, in the order of the ten sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lowres.faces.practice.question import Question, Section, as_words
from lowres.faces.report.page_charts import Chart
from lowres.faces.slides.slide import Slide, bars_of, figures_of, said
from lowres.values.study_facts.fact import StudyFacts
from lowres.values.study_facts.network import TWICE

_NOTES, _BARS, _CONFUSIONS = 3, 20, 6
_CHANCE_FACTOR = 2


def deck(facts: StudyFacts, sections: Sequence[Section], charts: Sequence[Chart]) -> tuple[Slide, ...]:
    """Return ten to fourteen slides; a phase the study does not have is told in a line of another."""
    notes = {section.number: section.questions[:_NOTES] for section in sections}
    by_number = {section.number: section for section in sections}
    slides = [
        _title(facts, by_number),
        _data(facts, notes),
        _input(facts, by_number),
        *_augmentation(facts, notes),
        _network(facts, by_number),
        *_frozen(facts, by_number),
        _tuning(facts, by_number, charts),
        _result(facts, by_number),
        _classes(facts, by_number),
        _confusions(facts, by_number),
        _confidence(facts, by_number),
        _maps(facts, by_number),
        _cost(facts, by_number),
        _end(facts, by_number),
    ]
    return tuple(slides)


_Notes = Mapping[str, Section]


def _asked(sections: _Notes, number: str, *words: str) -> tuple[Question, ...]:
    """The questions of a section that hold one of the words; the first few of it where none does."""
    questions = sections[number].questions
    found = [question for question in questions if any(word in question.ask.lower() for word in words)]
    return tuple((found or list(questions))[:_NOTES])


def _title(facts: StudyFacts, sections: _Notes) -> Slide:
    return Slide(
        "A study by lowres",
        said("{source}: telling {classes} kinds of picture apart", facts),
        figures_of(
            facts,
            ("right on the test images", "test accuracy"),
            ("test images", "judged images"),
            ("train images", "train images"),
        ),
        (said("{backbone}, on {cores} processor cores, in {total seconds}.", facts),) if "cores" in facts else (),
        notes=_asked(sections, "1"),
    )


def _data(facts: StudyFacts, notes: Mapping[str, tuple[Question, ...]]) -> Slide:
    return Slide(
        "Data",
        said("{images used} images, divided before anything was learned", facts),
        figures_of(facts, ("train", "train images"), ("validation", "validation images"), ("test", "test images")),
        (said("{image size} pixels, {classes} classes, from {images came from}.", facts),
         said("Validation chose; the test part was read once, at the end.", facts)),
        picture="sample_grid",
        notes=notes["2"],
    )  # fmt: skip


def _input(facts: StudyFacts, sections: _Notes) -> Slide:
    if facts.words("scaling") == TWICE:
        lines = [said("Pixels were scaled to {scaled range}, then once more as if they were 0 to 255.", facts)]
        if "preflight: feature spread" in facts:
            lines.append(said("Preflight: {preflight: feature spread}.", facts))
        title = said("Scaled twice: to this network all images look alike", facts)
    else:
        title = said("Pixels are scaled once, inside the network", facts)
        lines = [said("uint8 in; the network scales them itself: {input contract}.", facts)]
        if "preflight: feature spread" in facts:
            lines.append(said("Preflight, before training: {preflight: feature spread}.", facts))
    rows = (("of the image", "image size"), ("of the network's input", "input size"), ("upscaling", "upscaling"))
    return Slide(
        "Preprocessing", title, figures_of(facts, *rows), tuple(lines), notes=_asked(sections, "3", "scaled", "scaling")
    )


def _augmentation(facts: StudyFacts, notes: Mapping[str, tuple[Question, ...]]) -> Iterator[Slide]:
    if facts.number("rotation fraction") or facts.number("zoom fraction") or facts.words("flip") != "none":
        yield Slide(
            "Augmentation",
            said("Training sees changed versions of each image", facts),
            figures_of(
                facts, ("rotation each way", "rotation degrees"), ("zoom each way", "zoom share"), ("mirroring", "flip")
            ),
            picture="augmentation_examples",
            notes=notes["4"],
        )


def _network(facts: StudyFacts, sections: _Notes) -> Slide:
    return Slide(
        "Model",
        said("{backbone}, and a head for {classes} classes", facts),
        figures_of(facts, ("parameters in all", "parameters"), ("in the head", "head parameters"),
                   ("numbers a picture becomes", "feature channels")),
        (said("{image size} → {input size} → a map of {map size} x {feature channels} → {classes} logits.", facts),
         said("Weights: {weights came from} ({weights licence}).", facts)),
        notes=_asked(sections, "5", "head", "parameters", "fit"),
    )  # fmt: skip


def _frozen(facts: StudyFacts, sections: _Notes) -> Iterator[Slide]:
    if "frozen validation accuracy" not in facts:
        return
    is_near_chance = facts.number("frozen validation accuracy") < _CHANCE_FACTOR * facts.number("chance accuracy")
    title = (
        "Frozen, the head stays near chance"
        if is_near_chance
        else "Frozen features and a head: {frozen validation accuracy}"
    )
    lines = [said("Loss {frozen validation loss}; guessing among {classes} classes has {chance loss}.", facts)]
    if "frozen epochs" in facts:
        lines.append(said("{frozen epochs} epochs, the best one kept: {frozen kept epoch}.", facts))
    else:
        lines.append(said("Of {heads tried} heads the validation part chose one: {head kind}, solved at once.", facts))
    rows = (
        ("right on validation", "frozen validation accuracy"),
        ("by guessing", "chance accuracy"),
        ("took", "frozen seconds"),
    )
    yield Slide(
        "Phase 1: the head alone",
        said(title, facts),
        figures_of(facts, *rows),
        tuple(lines),
        notes=_asked(sections, "6"),
    )


def _tuning(facts: StudyFacts, sections: _Notes, charts: Sequence[Chart]) -> Slide:
    kicker = "Phase 2: fine-tuning" if "frozen validation accuracy" in facts else "Training"
    if "tuned epochs" not in facts:
        return Slide(
            kicker,
            said("Nothing of the network itself was trained", facts),
            figures_of(facts, ("right on validation", "validation accuracy")),
            (said("The recipe asks for no fine-tuning: {backbone} stayed as it came.", facts),),
            charts=tuple(charts[:1]),
            notes=_asked(sections, "7"),
        )
    title = "Fine-tuning found nothing better"
    if "tuned networks" in facts:
        title = "{tuned networks} networks together: {tuned validation accuracy}"
    elif facts.number("tuned kept epoch"):
        title = "Best at epoch {tuned kept epoch}: {tuned validation accuracy}"
    rows = (
        ("right on validation", "tuned validation accuracy"),
        ("parameters trained", "tuned parameters"),
        ("took", "tuned seconds"),
    )
    return Slide(
        kicker,
        said(title, facts),
        figures_of(facts, *rows),
        (said("{tuned epochs} epochs from {tuned from layer}, learning rate {tuned rate}.", facts),),
        charts=tuple(charts[:1]),
        notes=_asked(sections, "7", "best", "end when", "improvement"),
    )


def _result(facts: StudyFacts, sections: _Notes) -> Slide:
    lines = [said("95 % interval {test interval} of {judged images} test images.", facts),
             said("Always naming the commonest class: {majority baseline}.", facts)]  # fmt: skip
    if "target" in facts:
        words = (
            "Target {target}: missed by {gap to target}."
            if facts.number("gap to target") > 0
            else "Target {target}: met."
        )
        lines.append(said(words, facts))
    compared = [
        ("test", facts["test accuracy"]),
        ("validation", facts["validation accuracy"]),
        ("commonest class", facts["majority baseline"]),
    ]
    compared += [("target", facts["target"])] if "target" in facts else []
    return Slide(
        "Evaluation",
        said("{test accuracy} of the test images are named correctly", facts),
        (("right answers", facts["right answers"]), ("wrong answers", facts["wrong answers"])),
        tuple(lines),
        bars=bars_of(compared, 1.0),
        notes=_asked(sections, "8", "test accuracy", "gap", "how sure"),
    )


def _classes(facts: StudyFacts, sections: _Notes) -> Slide:
    ranked = facts.ranked("f1")
    best, worst = (
        as_words(f"class {name}", name, "evaluation.json: per_class") for name in (ranked[0][0], ranked[-1][0])
    )
    shown = ranked if len(ranked) <= _BARS else ranked[: _BARS // 2] + ranked[-_BARS // 2 :]
    return Slide(
        "Evaluation, class by class",
        said("Best at {best}, worst at {worst}, by F1", facts, best=best, worst=worst),
        lines=() if shown is ranked else (said("The ten best and the ten worst of {classes} classes.", facts),),
        bars=bars_of(shown, 1.0),
        notes=_asked(sections, "8", "best and worst", "precision"),
    )


def _confusions(facts: StudyFacts, sections: _Notes) -> Slide:
    pairs = facts.confusions()[:_CONFUSIONS]
    if not pairs:
        return Slide(
            "Confusions",
            said("None: every test image was named correctly", facts),
            notes=_asked(sections, "8", "confus"),
        )
    true, predicted = (as_words(f"class {name}", name, "evaluation.json: confusion") for name in pairs[0][:2])
    rows = [(f"{one} → {other}", count) for one, other, count in pairs]
    return Slide(
        "Confusions",
        said("{true} is most often taken for {predicted}", facts, true=true, predicted=predicted),
        bars=bars_of(rows, pairs[0][2].number),
        picture="confusion_matrix",
        notes=_asked(sections, "8", "confus"),
    )


def _confidence(facts: StudyFacts, sections: _Notes) -> Slide:
    return Slide(
        "Confidence",
        said("Its confidence is off by {calibration error after temperature} on average", facts),
        figures_of(
            facts,
            ("off as trained", "calibration error"),
            ("after the temperature", "calibration error after temperature"),
            ("temperature", "temperature"),
        ),
        picture="reliability",
        notes=_asked(sections, "8", "confidence"),
    )


def _maps(facts: StudyFacts, sections: _Notes) -> Slide:
    lines = [said("{map method} at {map layer}.", facts)]
    if "map randomisation" in facts:
        lines.append(said("Shuffled weights must change the maps: {map randomisation}.", facts))
        lines.append(
            said("{maps against random} than random maps, {maps against centre} than one of the centre.", facts)
        )
    else:
        lines.append(said("Not put to the proof in this study: pictures, no evidence.", facts))
    return Slide(
        "Heat maps",
        said("Where it looked, in {map size} places", facts),
        lines=tuple(lines),
        picture="grad_cam_gallery",
        notes=_asked(sections, "9", "believed", "resolution", "cold"),
    )


def _cost(facts: StudyFacts, sections: _Notes) -> Slide:
    names = ("features", "head", "train", "predict", "explain")
    rows = [(name, facts[f"{name} seconds"]) for name in names if f"{name} seconds" in facts]
    return Slide(
        "What it took",
        said("{total seconds} in all, and {files written} files", facts),
        figures_of(
            facts, ("figures", "figures"), ("the model's file", "model file bytes"), ("processor cores", "cores")
        ),
        bars=bars_of(rows, max(fact.number for _, fact in rows)),
        notes=_asked(sections, "10", "how long", "written", "run to run"),
    )


def _end(facts: StudyFacts, sections: _Notes) -> Slide:
    questions = sections["10"].questions
    told = [
        question.parts
        for question in questions
        if question.ask in ("What is the main lesson?", "What would you do next?")
    ]
    return Slide(
        "Conclusions",
        said("What is to be learned", facts),
        lines=tuple(told),
        notes=(*_asked(sections, "G", "deploy", "ethic", "production"),),
    )
