"""Quantities of the images: how many, how divided, how large, how scaled."""

from __future__ import annotations

from collections.abc import Iterator

from lowres.values.claims.quantity import Quantity

_PARTS = {
    "train": r"train(?:ing)?",
    "validation": r"val(?:idation)?",
    "test": r"test(?:ing)?",
}
_SET = r"(?: set| part| split| data| images| samples)?"
_NO_TIME = r"(?!\s*(?:epochs?|steps?|phases?|accuracy|runs?|minutes?|parameters?))"


def _part(part: str, word: str) -> Iterator[Quantity]:
    own = rf"\b{word}{_SET}"
    yield Quantity(
        f"{part} images",
        (f"{part} images",),
        ("plain",),
        (
            rf"{own}\s*[:=(]+\s*{{n}}{_NO_TIME}",
            rf"{{n}}(?:{{images}})?\s*(?:(?:are|were)\s+)?(?:used\s+)?(?:for|in|"
            rf"to)?\s*(?:the\s+)?\b{word}\b(?!\w| loss| acc|-| images? per)",
            rf"{{n}} {word}{{images}}(?! (?:per|of each|in each))",
            rf"{own} (?:has|have|had|holds|contains|of|with|is|consists of) {{n}}(?:{{images}})?{_NO_TIME}",
        ),
        unless=r"(?:per|each|every|a) class|of each|proof|proved|explained|drawn|shown|on which",
        is_setting=True,
    )
    yield Quantity(
        f"{part} share of the images",
        (f"{part} share", f"{part} share of all used"),
        ("percent",),
        (
            rf"{own}\s*[:=(]*\s*{{any}}(?:{{images}})?\s*[(,/]\s*{{n}}(?!\s*(?:precision|recall|f1|accuracy))",
            rf"{{n}}(?: of (?:the |all )?(?:images|data|pool|samples|pictures))? (?:for|to|is for) {word}\b(?! "
            rf"accuracy)",
        ),
        unless=r"accuracy|loss|interval",
        is_setting=True,
    )
    yield Quantity(
        f"memory of the {part} images",
        (f"{part}, float32 bytes", f"{part}, uint8 bytes"),
        ("bytes",),
        (rf"{own}{{is}}{{n}}", rf"{{n}} (?:for|of) (?:the )?{word}\b"),
        is_setting=True,
    )


DATA: tuple[Quantity, ...] = (
    *_part("train", _PARTS["train"]),
    *_part("validation", _PARTS["validation"]),
    *_part("test", _PARTS["test"]),
    Quantity(
        "train images",
        ("train images",),
        ("plain",),
        (
            r"\btrain(?:ed|ing|s)? (?:it |the \w+ )?(?:only )?(?:on|with|from) (?:only |just )?{n}{images}",
            r"\bfor {n}{images} of {any}",
            r"\btraining (?:set|data)\s*\(\s*{n}",
            r"\blearned? from {n}{images}",
        ),
        is_setting=True,
    ),
    Quantity(
        "memory of the train images",
        ("train, float32 bytes", "train, uint8 bytes"),
        ("bytes",),
        (r"{any}{images} of {any}\s*:?\s*{n}",),
        is_setting=True,
    ),
    Quantity(
        "memory of all images",
        ("all parts, float32 bytes", "all parts, uint8 bytes"),
        ("bytes",),
        (r"\btotal{is}{n}", r"{n} (?:for (?:the )?)?(?:images|pictures) alone", r"{n} in total"),
        when=r"memory|preprocess|data",
        is_setting=True,
    ),
    Quantity(
        "growth from uint8 to float32",
        ("growth to float32",),
        ("ratio",),
        (r"{n} (?:increase|more memory|larger|as much|growth)", r"(?:grow\w*|increase\w*)(?: by)?{is}{n}"),
        when=r"float32|memory",
        is_setting=True,
    ),
    Quantity(
        "images for training and validation together",
        ("pool images",),
        ("plain",),
        (
            r"{n} (?:\w+ )?(?:subset|pool)\b",
            r"(?:subset|pool) of {n}(?!\s*%)",
            r"{n}{images} for training and validation",
        ),
        is_setting=True,
    ),
    Quantity(
        "images there are to train on",
        ("images not tested on", "images"),
        ("plain",),
        (
            r"\b(?:full|entire|whole) {n}(?: cifar-10)?(?: training)?(?: set| data ?set| data| images)?",
            r"\ball {n} (?:training )?images",
            r"{any} vs\.? {n} available",
            r"{n} available(?! images were)",
        ),
        unless=r"VRAM|memory",
        is_setting=True,
    ),
    Quantity(
        "images in the data set",
        ("images", "images used"),
        ("plain",),
        (
            r"{n}{images} in (?:total|all)\b",
            r"(?:data ?set|cifar-10|collection) (?:has|of|contains|holds|consists of|with) {n}{images}",
            r"\btotal (?:of )?{n}{images}(?! per)",
            r"{n}{images} of {any}(?: pixels)?(?:,| in {any} classes| from )",
        ),
        unless=r"per class|train|validation|\btest|judged",
        is_setting=True,
    ),
    Quantity(
        "train images",
        ("train images",),
        ("plain",),
        (r"\btook {n} (?:of them )?to train",),
        is_setting=True,
    ),
    Quantity(
        "classes",
        ("classes",),
        ("plain",),
        (
            r"{n}[\s-]class(?:es)?\b",
            r"{n} (?:\w+ )?categories\b",
            r"\bdense\(\s*{n}\s*,\s*softmax",
            r"number of classes{is}{n}",
            r"\bclasses\s*[:=]\s*{n}",
        ),
        unless=r"imagenet|other classes|more classes|of the {n}|worst|best|top",
        is_setting=True,
    ),
    Quantity(
        "test images of each class",
        ("test images of each class", "most test images of a class"),
        ("plain",),
        (
            r"{n}{images} (?:per|of each|for each|in each) class (?:in|for|of) the test",
            r"{n} test{images} (?:per|of each|for each|in each|a) class",
            r"\+\s*{n} test\b",
        ),
        is_setting=True,
    ),
    Quantity(
        "images of each class",
        ("images of each class", "most images of a class"),
        ("plain",),
        (r"{n}{images} (?:per|of each|for each|in each) class(?: in)?(?: total| all)\b",),
        is_setting=True,
    ),
    Quantity(
        "train images of each class",
        ("train images of each class", "images not tested on of each class", "most train images of a class"),
        ("plain",),
        (
            r"\(\s*{n} train(?:ing)?\s*\+",
            r"\b(?:every|each) class has {n} train(?:ing)?{images}",
            r"{n} train(?:ing)?{images} (?:per|of each|for each|in each|a) class",
            r"{n}{images} (?:per|of each|for each|in each) class (?:in|for|of) the train",
        ),
        is_setting=True,
    ),
    Quantity(
        "test images of {class}",
        ("support of {class}",),
        ("plain",),
        (
            r"{class}(?: has)?,? (?:test (?:pictures|images)|support)\s*[:=]?\s*{n}",
            r"{n} (?:test )?(?:pictures|images) of {class}",
        ),
    ),
    Quantity(
        "size of the images",
        ("image size", "image shape", "input size"),
        ("size",),
        (
            r"{n}\s(?:original |colou?r |rgb |cifar(?:-10)? )?(?:images?|pictures?)\b",
            r"\b(?:at|on|for) {n}(?: images?| pictures?| resolution)",
        ),
        unless=r"imagenet|pre-?trained on|trained on|expect|matrix|grid of",
        is_setting=True,
    ),
    Quantity(
        "size of the images",
        ("image size", "image shape"),
        ("size",),
        (
            r"\b(?:original|native|raw|small|tiny)(?: images?| pictures?| resolution)?{is}{n}",
            r"\boversized for {n}",
            r"designed for {n}",
            r"\b(?:images?|pictures?) (?:of|are|is|at|have|measure) {n}",
            r"{any} for {any} on {n}",
            r"\bon {n} (?:original|images)",
            r"relative to the {n}",
            r"{images} of {n}\s*:",
        ),
        unless=r"imagenet|pre-?trained on|matrix|heat",
        is_setting=True,
    ),
    Quantity(
        "range of the raw pixels",
        ("pixel range",),
        ("plain",),
        (
            r"{start}{n}\s*\(\s*uint8",
            r"\buint8\b.{0,12}{n}",
            r"\braw (?:\w+ ){0,3}{is}{n}",
            r"\bpixel (?:values?|range){is}{n}",
        ),
        unless=r"normali|scaled?\b|expects?",
        is_setting=True,
        is_range=True,
    ),
    Quantity(
        "range that pixels are scaled to",
        ("scaled range",),
        ("plain",),
        (
            r"\bnormali[sz]\w*(?: \w+){0,2} to {n}",
            r"\bscal(?:e|ed|es|ing)(?: \w+){0,2} to {n}",
            r"\bnormali[sz]\w* {n}",
        ),
        never=r"heat ?map|grad-?cam",
        is_range=True,
    ),
    Quantity(
        "seed",
        ("split seed", "seed"),
        ("plain",),
        (r"\brandom_state\s*=\s*{n}", r"\bseed(?:s|ed)?(?: with| of| is| was)?\s*[:=]?\s*{n}", r"\bseed\W{0,3}{n}"),
        is_setting=True,
    ),
)
