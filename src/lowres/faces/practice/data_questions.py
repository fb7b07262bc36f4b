"""Questions of sections 1 to 4: environment, data, preprocessing, augmentation."""

from __future__ import annotations

from collections.abc import Iterator

from lowres.faces.practice.question import Draft, context, if_known, technical
from lowres.values.study_facts.fact import StudyFacts
from lowres.values.study_facts.network import TWICE

_RANGE = "preflight: input range"


def environment(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about what the study ran on."""
    yield technical(
        "Which random seeds are set, and is that enough to repeat the study?",
        "The training's seed is {seed}, the split's is {split seed}; everything random is keyed by them. Seeding "
        "NumPy and "
        "TensorFlow alone would not do: Keras 3 draws the seeds of its layers from Python's `random`.",
    )
    yield technical(
        "When must device settings be made?",
        "Before the first use of a device. Importing layers creates no context, so settings made after the imports are "
        "still taken; after the first computation they are refused.",
    )
    no_card = facts.words("graphics cards") == "none"
    if no_card:
        yield technical(
            "What happens if no graphics card is there?",
            "That is this study: graphics cards: {graphics cards}. It ran on {cores} processor cores and took "
            "{total seconds} "
            "from the first image to the report.",
        )
    yield technical(
        "What ran the frozen network?",
        "{engine}. It gives the numbers that the head is trained on; they are computed once and kept.",
    )
    if "processor" in facts:
        yield context(
            "What machine was it, and what is its limit?",
            "{processor} with {cores} processor cores and {memory} of memory, graphics cards: {graphics cards}. "
            "Time is the "
            "limit of such a machine, not memory."
            if no_card
            else "{processor} with {cores} processor cores, {memory} of memory, graphics cards: {graphics cards}.",
        )
    versions = [
        name for name in ("TensorFlow", "JAX", "PyTorch", "Keras", "OpenVINO", "NumPy") if f"{name} version" in facts
    ]
    listed = ", ".join(f"{name} {{{name} version}}" for name in versions)
    yield context("Which versions did it run on?", f"{listed}. They are written down with every stage of the study.")
    yield context(
        "How would somebody else make this study again?",
        "With the recipe that lies in the study: `lowres study SOURCE --recipe recipe.toml`. The images are those of "
        "{images came from}; the ledger keeps a fingerprint of them, and the SHA-256 of every file that was written "
        "({files written} files).",
    )


def data(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about the images and their split."""
    yield technical(
        "What are the exact sizes of the parts?",
        "Train: {train images} images ({train share}), validation: {validation images} images ({validation share}), "
        "test: {test images} images. The test part was read once, after the last choice.",
    )
    if "train images of each class" in facts:
        yield technical(
            "What is stratified splitting, and what did it do here?",
            "It keeps the shares of the classes in every part as they are in the whole. Here every class has "
            "{train images of "
            "each class} train images; that is equal because the data set is, not because the split is stratified.",
        )
    else:
        yield technical(
            "What is stratified splitting, and what did it do here?",
            "It keeps the shares of the classes in every part as they are in the whole. The train part has "
            "between {fewest "
            "train images of a class} and {most train images of a "
            "class} images of a class: the shares were kept, not made equal.",
        )
    yield technical(
        "Why is the split's seed fixed?",
        "So that every run divides the same images in the same way: seed {split seed}. It fixes the split only "
        "for images in "
        "the same order, so `split.csv` names every image with its part.",
    )
    yield technical(
        "What values do the raw pixels have?",
        "Pixel values {pixel range} (uint8), in images of {image size} pixels. The data checks found: "
        "{data check: pixel range}.",
    )
    if "data check: exact copies" in facts:
        yield technical(
            "Could an image be in two parts at once?",
            "The data checks looked for that: {data check: exact copies}. Copies and groups are kept on one side "
            "of the split.",
        )
    if facts.number("images used") < facts.number("images"):
        yield context(
            "Why were not all images used?",
            "The recipe draws {pool images} images for training and validation together, of "
            "{images not tested on} images "
            "that there are outside the test part. More would probably help; how much, only a study with more can say.",
        )
    yield context(
        "What would happen if the classes were not balanced?",
        "Accuracy would flatter: always naming the commonest class is already right {majority baseline} of the "
        "time here. "
        + (
            "Every class of this study has {images of each class} images."
            if "images of each class" in facts
            else "A class has between {fewest images of a class} and {most images of a class} images."
        ),
    )
    yield context(
        "Where do the images come from?", "{images came from}: {images} images in total in {classes} classes."
    )


def preprocessing(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about scaling and memory."""
    is_twice = facts.words("scaling") == TWICE
    if is_twice:
        yield technical(
            "How are the pixels scaled, and is that right?",
            "To {scaled range} first, and then once more as if they were still 0 to 255 (`scaling = {scaling}`). "
            "That is a "
            "mistake, kept on purpose in this recipe: after it all images look nearly the same to the network."
            + if_known(facts, _RANGE, "Preflight says so: {preflight: input range}."),
        )
        if "preflight: feature spread" in facts:
            yield technical(
                "What did scaling twice do to the features?",
                "{preflight: feature spread}. The features hardly differ between images, whatever is on them. "
                "The network, the "
                "domain and the size of the images are not to blame; `--recipe two-phase` is the same with the "
                "mistake mended.",
            )
    else:
        yield technical(
            "How are the pixels scaled, and where?",
            "Inside the network, once, as {backbone} expects them: {input contract}. Whoever uses the model "
            "hands over uint8 "
            "pixels, so nobody can scale them twice."
            + if_known(facts, _RANGE, "Preflight measured: {preflight: input range}."),
        )
        yield technical(
            "What would happen if the pixels were scaled to 0-1 before?",
            "If somebody did, they would be scaled twice, and all images would look nearly alike to the network. "
            "Preflight "
            "looks for that before training and found: {preflight: feature spread}."
            if "preflight: feature spread" in facts
            else "If somebody did, they would be scaled twice. The network takes uint8 only, so it cannot happen.",
        )
    yield technical(
        "What does converting to float32 do to memory?",
        "{growth to float32} as much memory: float32 has four times the bytes. For {train images} images of "
        "{image shape}: "
        "{train, uint8 bytes} as uint8 and {train, float32 bytes} as float32. lowres keeps uint8 and converts "
        "batch by batch.",
    )
    yield technical(
        "Why is the test part treated exactly like the others?",
        "Because the scaling is a layer of the network. It estimates nothing from the images, so nothing of the "
        "test part can "
        "leak into the training.",
    )
    yield technical(
        "Is scaling done before or after augmentation?",
        "After it; for flips, rotations and zooms the order makes no difference, since they only move and mix pixels.",
    )
    yield context(
        "How much memory would all images take as float32?",
        "Train: {train, float32 bytes}, validation: {validation, float32 bytes}, test: {test, float32 bytes}. Total: "
        "{all parts, float32 bytes}. MiB and MB differ by five percent; say which one is meant.",
    )


def augmentation(facts: StudyFacts) -> Iterator[Draft]:
    """Yield the questions about how training changed images."""
    changes = [
        words
        for words, is_on in (
            ("mirroring ({flip})", facts.words("flip") != "none"),
            ("rotation of up to {rotation degrees} each way", facts.number("rotation fraction") > 0),
            ("zoom {zoom share} each way", facts.number("zoom fraction") > 0),
        )
        if is_on
    ]
    if not changes:
        yield technical(
            "What augmentations are applied?",
            "No rotation, no zoom, and mirroring: {flip}. The recipe leaves the training images as they are"
            + (
                ": a frozen network sees each of them once, and its numbers are kept."
                if "tuned epochs" not in facts
                else "."
            ),
        )
        yield context(
            "Would augmentation help here?",
            "It shows the network changed versions of each image, which works against learning images by heart. "
            "How much "
            "there is to win shows in the distance between training and validation: {frozen training accuracy} against "
            "{frozen validation accuracy}; that distance is no more than a hint."
            if "frozen training accuracy" in facts
            else "Only a study with `--set augmentation.flip=random` can say; `lowres compare` tells the two apart.",
        )
        return
    yield technical("What augmentations are applied, and with what parameters?", f"{'; '.join(changes)}.".capitalize())
    if facts.words("flip") != "none":
        yield technical(
            "Why mirror left and right, and not upside down?",
            "What is on the images looks as natural mirrored, and hardly ever stands on its head. For digits or "
            "text even left "
            "and right would be wrong.",
        )
    yield technical(
        "Why is augmentation applied during training only?",
        "A prediction must be the same each time it is asked for. In Keras the layers pass their input through "
        "unchanged with "
        "`training=False`, bit for bit.",
    )
    yield technical(
        "What does a rotation factor mean in degrees?",
        "A fraction of a full turn: {rotation fraction} is {rotation degrees} each way, checked against SciPy.",
    )
    yield context(
        "Why not apply augmentation before training, once?",
        "The network would see the same changed images in every epoch. A frozen phase that keeps its numbers has "
        "to pay for "
        "every new look with one more pass, so the recipe says how many there are (`frozen_phase.views`).",
    )
