"""Questions of sections 5 to 7: the network, the frozen phase, fine-tuning."""

from __future__ import annotations

from collections.abc import Iterator

from lowres.faces.practice.question import Draft, context, if_known, technical
from lowres.values.study_facts.fact import StudyFacts
from lowres.values.study_facts.network import TWICE

_FEW = 0.3


def architecture(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about the network."""
    is_frozen = "frozen validation accuracy" in facts
    yield technical(
        "Which network is it, and where do its weights come from?",
        "{backbone}; weights: {weights came from}; licence: {weights licence}.",
    )
    yield technical(
        "How do images of this size fit the network's input?",
        "They are resized inside the network ({interpolation}), to {input pixels}: upscaling {upscaling}. The "
        "network was "
        "not made for images of {image size}; whether that matters is a question for a study, not for an opinion.",
    )
    yield technical(
        "What does the network hand to the head?",
        "A feature map of {map size} with {feature channels} channels; averaged over the places it is a vector "
        "of {feature "
        "channels} numbers, in which a place no longer counts.",
    )
    if facts.words("head kind") == "dense":
        yield technical(
            "What is the head made of?",
            "Dropout({dropout}), Dense({hidden units}, ReLU), Dropout({dropout}), and one output for each of the "
            "{classes} "
            "classes. It gives logits; the softmax is applied outside.",
        )
        yield context(
            "Why two dropout layers?",
            "One after the features, one after the hidden layer. That they help is an assumption of the recipe; "
            "this study "
            "did not train without them.",
        )
    elif is_frozen:
        yield technical(
            "What is the head made of?",
            "One linear layer (kind: {head kind}), solved for at once and not trained in epochs. Of "
            "{heads tried} heads tried, "
            "the validation part chose it.",
        )
    if "head parameters" in facts and is_frozen:
        yield technical(
            "How many parameters are trainable with the frozen base?",
            "{head parameters} parameters, {head parameters, bytes}, all of them in the head. The other "
            "{trunk parameters} parameters are "
            "frozen.",
        )
        yield technical(
            "Does a frozen network need `training=False` for its batch normalisation?",
            "No. With `trainable=False` its statistics stand still without the flag. It is the other way round: once "
            "unfrozen, a flag given when the model was built does not hold in `fit` of Keras 3.",
        )
    if "parameters" in facts:
        yield context(
            "How large is the whole model?",
            "{parameters} parameters, {parameters, bytes}"
            + (", of which the head is {head share of parameters}." if "head share of parameters" in facts else ".")
            + " The file `model.keras` takes {model file bytes}.",
        )
    yield context(
        "Is this the right network for the task?",
        "It reaches {test accuracy} on {judged images} test images here. `lowres compare` with a study of "
        "another recipe on "
        "the same images is the only honest answer.",
    )


def frozen(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about the phase in which only the head is trained."""
    if "frozen validation accuracy" not in facts:
        yield technical(
            "Was there a frozen phase?", "No. The recipe trains the whole network from the start (`{backbone}`)."
        )
        return
    accuracy, chance = facts.number("frozen validation accuracy"), facts.number("chance accuracy")
    is_twice, is_near_chance = facts.words("scaling") == TWICE, accuracy < max(_FEW, 2 * chance)
    if is_near_chance and is_twice:
        yield technical(
            "Why did the frozen phase stay near chance?",
            "It came to {frozen validation accuracy} of the validation images; guessing gives {chance accuracy}. "
            "The cause is "
            "the input: pixels were scaled twice, so the frozen network saw nearly the same image each time. It "
            "is neither the "
            "level of its features nor their position nor the domain: scaled once, the same frozen network works.",
        )
    elif is_near_chance:
        yield technical(
            "Why did the frozen phase stay near chance?",
            "It came to {frozen validation accuracy} of the validation images; guessing gives {chance accuracy}."
            + if_known(facts, "preflight: input range", "Look at its input first: {preflight: input range}."),
        )
    else:
        yield technical(
            "What did the frozen phase come to?",
            "The kept head names {frozen validation accuracy} of {validation images} validation images; guessing "
            "gives {chance "
            "accuracy}. So frozen features of {backbone} do transfer to these images.",
        )
    yield technical(
        "What loss would guessing have, and what was it here?",
        "Chance loss is the logarithm of the number of classes: {chance loss} for {classes} classes. The frozen "
        "phase's "
        "validation loss was {frozen validation loss}, its training loss {frozen training loss}.",
    )
    yield technical(
        "What does an accuracy at the level of chance mean?",
        "With {classes} classes guessing is right {chance accuracy} of the time. An answer near that says "
        "nothing of the "
        "network until its input has been checked.",
    )
    yield technical(
        "Is resizing what makes a frozen network work?",
        "It helps, but it repairs no wrong scaling: in the described system both were blamed on the size of the "
        "images. "
        "Here the input is {input pixels} and the scaling is `{scaling}`.",
    )
    if "frozen epochs" in facts:
        yield technical(
            "How many epochs did the head train, and which was kept?",
            "{frozen epochs} epochs of at most {frozen most epochs} epochs, at a learning rate of {frozen rate} "
            "in batches of "
            "{frozen batch}. Kept: the weights of epoch {frozen kept epoch}, with the best validation accuracy.",
        )
        yield context(
            "What callbacks were used in the frozen phase?",
            "Early stopping with a patience of {frozen stopping patience} epochs, and a rate that is multiplied "
            "by {frozen "
            "plateau factor} after {frozen plateau patience} epochs without a lower validation loss.",
        )
    else:
        yield technical(
            "How many epochs did the head train?",
            "None: a {head kind} head is solved for at once. There is no curve and nothing to stop early.",
        )
    yield context(
        "How long did the frozen phase take?",
        "{frozen seconds}: {features seconds} for the features, computed once, and {head seconds} for the heads.",
    )


def fine_tuning(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about the phase in which the network itself is trained."""
    if "tuned epochs" not in facts:
        yield technical(
            "Was anything of the network itself trained?",
            "No. The recipe asks for no fine-tuning: {backbone} stayed as it came. The validation accuracy of "
            "what was kept is "
            "{validation accuracy}.",
        )
        return
    has_frozen = "frozen validation accuracy" in facts
    yield technical(
        "Which layers were trained in the second phase?" if has_frozen else "Which layers were trained?",
        "From {tuned from layer} on, and the head" + ("; earlier layers stayed as they came." if has_frozen else "."),
    )
    yield technical(
        "What learning rate did fine-tuning have, and why?",
        "A learning rate of {tuned rate} ({tuned optimizer})"
        + (
            ", against {frozen rate} for the head: weights that are good already are to be moved little."
            if "frozen rate" in facts
            else "."
        ),
    )
    yield technical(
        "How many parameters became trainable in fine-tuning?",
        "{tuned parameters} trainable"
        + (" (up from {head parameters})." if has_frozen and "head parameters" in facts else "."),
    )
    yield technical("What was the best validation accuracy of fine-tuning?", _best_of_fine_tuning(facts))
    stops = (
        " Fine-tuning stops after {tuned stopping patience} epochs without a better one: with the best at epoch "
        "N and that "
        "patience, the last epoch is N plus the patience, and reaching the limit at just that moment hides the stop."
        if "tuned stopping patience" in facts
        else " The recipe stops it at no earlier epoch."
    )
    yield technical(
        "Why did fine-tuning end when it did?",
        "It ran {tuned epochs} epochs of at most {tuned most epochs} epochs; stopped early: {tuned stopped early}."
        + stops,
    )
    each = " of each of {tuned networks} networks" if "tuned networks" in facts else ""
    yield context("How long did fine-tuning take?", "{tuned seconds} for {tuned epochs} epochs" + each + ".")
    if "improvement of fine-tuning" in facts:
        yield context(
            "What was the improvement from the frozen phase to fine-tuning?",
            "{improvement of fine-tuning} as good: from {frozen validation accuracy} to "
            "{tuned validation accuracy} of the "
            "validation images, a gain of {gain of fine-tuning}."
            if facts.number("gain of fine-tuning") > 0
            else "None: {frozen validation accuracy} before, {tuned validation accuracy} after.",
        )


def _best_of_fine_tuning(facts: StudyFacts) -> str:
    if "tuned networks" in facts:
        return (
            "{tuned validation accuracy}, of {tuned networks} networks together: each was trained from a seed of its "
            "own, and their logits are averaged."
        )
    if facts.number("tuned kept epoch"):
        return "{tuned validation accuracy} at epoch {tuned kept epoch}; those weights were kept."
    return "None better than before: what it began with was kept ({tuned validation accuracy})."
