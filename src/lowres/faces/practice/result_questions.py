"""Questions of sections 8 to 10 and the general ones: results, heat maps, conclusions."""

from __future__ import annotations

from collections.abc import Iterator

from lowres.faces.practice.question import Draft, as_words, context, technical
from lowres.values.study_facts.fact import Fact, StudyFacts
from lowres.values.study_facts.network import TWICE

_PAIRS = 4


def evaluation(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about what the classifier is worth."""
    yield technical(
        "What is the test accuracy, and how does it compare to validation?",
        "Test: {test accuracy} (95 % interval {test interval}, n = {judged images}). Validation accuracy: {validation "
        "accuracy}, n = {validation images}. They differ by {gap of test to validation}. A small gap shows no good "
        "generalisation, a network at chance has one too; and validation chose, so it flatters a little.",
    )
    yield technical(
        "How does it compare to doing nothing?",
        "Always naming the commonest class is right {majority baseline} of the time. Of {judged images} test "
        "images {right "
        "answers} were named correctly, and {wrong answers} answers were wrong.",
    )
    yield from _classes(facts)
    yield technical(
        "Why give both precision and recall?",
        "Precision: how many of those named so are it. Recall: how many of those that are it were named so. F1 "
        "is low if "
        "either is low; it does not say which. Means over the classes: precision {mean precision}, recall "
        "{mean recall}, F1 "
        "{mean f1}.",
    )
    yield from _confusions(facts)
    yield technical(
        "How is the confusion matrix to be read?",
        "A row is a true class, a column what was predicted: cell (i, j) counts images of class i that were "
        "called class j. "
        "The diagonal holds the {right answers} right answers.",
    )
    yield technical(
        "Can its confidence be believed?",
        "Expected calibration error: {calibration error} as trained, {calibration error after temperature} after "
        "dividing the "
        "logits by {temperature}, which the validation part chose. Test loss: {test loss}.",
    )
    if "target" not in facts:
        yield context("What is the gap to the target?", "The recipe names no target (`evaluation.target_accuracy`).")
    elif facts.number("gap to target") > 0:
        yield context(
            "What is the gap to the target?",
            "{gap to target}: the target is {target}, the test accuracy {test accuracy}.",
        )
    else:
        yield context("Was the target met?", "Yes: the target is {target}, the test accuracy {test accuracy}.")
    yield context(
        "How sure is that accuracy?",
        "The 95 % interval {test interval} is how far the draw of these {judged images} test images alone may "
        "carry it. Another "
        "training could differ by more: that takes several seeds (`lowres seeds`).",
    )


def _named(name: str, origin: str = "study.json: stages.images.facts.class_names") -> Fact:
    return as_words(f"class {name}", name, origin)


def _classes(facts: StudyFacts) -> Iterator[Draft]:
    ranked = facts.ranked("f1")
    (best, best_f1), (worst, worst_f1) = ranked[0], ranked[-1]
    told = {
        "best": _named(best), "best f1": best_f1, "worst": _named(worst), "worst f1": worst_f1,
        "worst precision": facts[f"precision of {worst}"], "worst recall": facts[f"recall of {worst}"],
    }  # fmt: skip
    yield technical(
        "Which classes are best and worst?",
        "By F1, both ends by the same measure. Best: {best} ({best f1} F1). Worst: {worst} ({worst f1} F1; "
        "precision {worst "
        "precision}, recall {worst recall}).",
        **told,
    )


def _confusions(facts: StudyFacts) -> Iterator[Draft]:
    pairs = facts.confusions()[:_PAIRS]
    if not pairs:
        yield technical("What are the main confusions?", "None: all {judged images} test images were named correctly.")
        return
    more: dict[str, Fact] = {}
    listed = []
    for place, (true, predicted, count) in enumerate(pairs):
        more |= {f"true{place}": _named(true), f"predicted{place}": _named(predicted), f"count{place}": count}
        listed.append(f"{{true{place}}} → {{predicted{place}}} ({{count{place}}})")
    yield technical("What are the main confusions?", f"{', '.join(listed)}; the true class first.", **more)
    yield context(
        "Why are just these classes confused?",
        "The counts say that {true0} is taken for {predicted0} most often, not why. What the two share has to be "
        "looked at: the "
        "report shows such images, with where the network looked.",
        **more,
    )


def heat_maps(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about where the network looked."""
    yield technical(
        "What do the heat maps compute?",
        "Method: {map method}. Grad-CAM weighs each channel of a feature map by the gradient of the class's "
        "score, adds them "
        "up and keeps what is positive.",
    )
    yield technical(
        "Why is that layer the one explained?",
        "{map layer} is where the network ends and the head begins: the last place at which an image still has "
        "positions.",
    )
    yield technical(
        "What resolution do the heat maps have?",
        "{map size}: that is the feature map. One place covers {original pixels a field} pixels of the original "
        "each way.",
    )
    yield technical(
        "Why does Grad-CAM fail on nested models, and what is done here?",
        "A layer inside a network inside a model is not found by `model.get_layer`; that is nesting, no matter "
        "which Keras. "
        "Here it is the gradient of the head alone with respect to the feature map, so there is nothing to search for.",
    )
    yield technical(
        "What does a cold region mean?",
        "That nothing there spoke for the class. What spoke against it is as cold: values below zero are cut off.",
    )
    if "map randomisation" in facts:
        yield context(
            "May the heat maps be believed?",
            "They were put to the proof on {maps proved on} test images. With the weights shuffled the maps must "
            "change: "
            "{map randomisation}. Beside maps that know nothing of the network they are {maps against random} "
            "than random "
            "ones, {maps against centre} than one of the centre, {maps against edges} than edges.",
        )
    else:
        yield context(
            "May the heat maps be believed?",
            "This study did not put them to the proof (`explanation.faithfulness_images` is 0), so they are "
            "pictures, no "
            "evidence.",
        )
    yield context(
        "What are the limits of heat maps here?",
        "They are coarse, {map size} places for an image of {image size} pixels, and show where, never what.",
    )


def conclusions(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about what is to be learned from the study."""
    is_twice = facts.words("scaling") == TWICE
    if is_twice:
        yield technical(
            "What is the main lesson?",
            "The range of the input matters before anything else. This study scaled its pixels twice and came to {test "
            "accuracy}; blaming the network, its input size or the number of images would be wrong, since none of them "
            "was tried with the right input.",
        )
    else:
        yield technical(
            "What is the main lesson?",
            "{test accuracy} of {judged images} test images from {train images} train images, with an input as "
            "{backbone} "
            "expects it ({input contract}). Input contract first, then architecture, then tuning.",
        )
    yield technical(
        "What causes differences from run to run?",
        "The order of batches, dropout, augmentation and first weights, all keyed by the seed ({seed}). One "
        "study is one run; "
        "`lowres seeds` trains several and gives their spread.",
    )
    yield technical(
        "What was chosen on the validation part, and what on the test part?",
        "The head, the epoch and the temperature on {validation images} validation images. On the {test images} "
        "test images: "
        "nothing.",
    )
    yield context(
        "How long did the whole study take?",
        "{total seconds}, of which predictions took {predict seconds}. Again, unchanged: about a second.",
    )
    yield context(
        "What was written?",
        "{figures} figures (PNG), the model, predictions, `evaluation.json`, a report and a model card: "
        "{files written} files, "
        "each with its SHA-256 in the ledger.",
    )
    if is_twice:
        path = "Mend the scaling first: `--recipe two-phase` is this study with the right input. All else comes after."
    elif "target" in facts and facts.number("gap to target") > 0:
        path = (
            "{gap to target} are missing. Compare recipes on the same images (`lowres compare`) before more training."
        )
    else:
        path = "More images, fine-tuning, or a larger network, one at a time, each compared on the same test part."
    yield context("What would you do next?", path)


def general(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions that belong to no section."""
    pairs = facts.confusions()
    yield technical(
        "How would you deploy this model?",
        "`lowres export` writes it for other programs and keeps only what says the same in its own runtime; "
        "`lowres serve` "
        "answers requests. The file takes {model file bytes} and wants uint8 pixels.",
    )
    yield technical(
        "Why Keras?",
        "It runs on TensorFlow, JAX and PyTorch alike; this study used Keras {Keras version}. The result does "
        "not depend on "
        "that choice; the input contract does matter.",
    )
    yield context(
        "What ethical considerations apply?",
        "It knows {classes} classes only and gives one of them to anything. Whoever collected the images chose "
        "what is in them. "
        "{wrong answers} of {judged images} answers were wrong: it must not decide alone where a mistake harms "
        "somebody.",
    )
    if pairs:
        true, predicted, count = pairs[0]
        yield context(
            "How would you explain a decision to somebody who is no technician?",
            "It looks at the image and names what it looks most like. The picture with the warm spots shows "
            "where it looked. It "
            "can be wrong without noticing: {count} times a {true} was called {predicted}.",
            true=_named(true), predicted=_named(predicted), count=count,
        )  # fmt: skip
    yield context(
        "What would you watch in production?",
        "Accuracy by class on images that people label, how confidence shifts, and whether inputs still look "
        "like the training "
        "images. A person looks where the confidence is low.",
    )
