"""Quantities of the network: its input, its size, its head, the map it ends in."""

from __future__ import annotations

from lowres.values.claims.quantity import Quantity

_FROZEN_PARAMETERS = r"parameters.*trainable.*frozen|trainable parameters.*frozen"
_TOTAL = r"(?:total )?(?:model size|parameters)"

NETWORK: tuple[Quantity, ...] = (
    Quantity(
        "parameters",
        ("parameters",),
        ("plain",),
        (r"{n} (?:total )?param(?:eter)?s\b", r"total param(?:eter)?s{is}{n}", r"\bparam(?:eter)?s(?: in (?:total|all))?\s*[:=]\s*{n}"),
        never=_FROZEN_PARAMETERS,
        unless=r"trainable|frozen|trained|head|top|backbone|trunk",
        is_setting=True,
    ),
    Quantity(
        "memory of the parameters",
        ("parameters, bytes", "model file bytes"),
        ("bytes",),
        (r"{any} (?:total )?param(?:eter)?s\s*[(,]\s*{n}", r"\b(?:the )?(?:model|network) (?:is|has|takes|weighs){is}{n}", r"\bmodel (?:size|file){is}{n}"),
        is_setting=True,
    ),
    Quantity(
        "parameters of the head",
        ("head parameters",),
        ("plain",),
        (
            r"{n} param(?:eter)?s (?:of|in) (?:the |our )?(?:custom |own |classification )?head",
            r"\bhead(?: alone)? (?:has|of|with|holds) {n}", r"\bup from {n}", r"{n} (?:of which )?trainable param\w*(?=.{0,40}\bhead\b)",
        ),
        is_setting=True,
    ),
    Quantity("parameters of the head", ("head parameters",), ("plain",), (r"{start}{n}(?: parameters)?",), when=_FROZEN_PARAMETERS, is_setting=True),
    Quantity(
        "memory of the head's parameters",
        ("head parameters, bytes",),
        ("bytes",),
        (r"{start}{any}(?: parameters)?\s*[(,]\s*{n}",),
        when=_FROZEN_PARAMETERS,
        is_setting=True,
    ),
    Quantity(
        "parameters of the trunk",
        ("trunk parameters",),
        ("plain",),
        (
            r"{n} (?:[\w-]+ )?param(?:eter)?s (?:are|were|stay|remain|stayed)\s+frozen", r"{n} (?:of them )?(?:are |were |stay )?frozen\b",
            r"{n} param(?:eter)?s (?:of|in) the (?:trunk|backbone|base)", r"\b(?:trunk|backbone|base)(?: alone)? (?:has|of|with|holds) {n}(?= param)",
        ),
        is_setting=True,
    ),
    Quantity(
        "share of the parameters that the head is",
        ("head share of parameters",),
        ("percent",),
        (r"\bonly {n} (?:is|are|was|were) trainable", r"{n} of (?:the |all )?(?:parameters|weights) (?:is|are|was|were) train"),
        is_setting=True,
    ),
    Quantity(
        "parameters that fine-tuning trained",
        ("tuned parameters",),
        ("plain",),
        (
            r"{n} trainable\s*\(\s*up from", r"{n} (?:param(?:eter)?s )?(?:became |become |were |are )?(?:trainable|trained)",
            r"\bfine-?tun\w+ (?:\w+ ){0,3}{n} param", r"\btrainable param(?:eter)?s{is}{n}", r"{n} trainable",
        ),
        phase="tuned",
        is_setting=True,
        lacking="the study has no fine-tuning",
    ),
    Quantity(
        "numbers a picture becomes",
        ("feature channels",),
        ("plain",),
        (r"{n}[\s-]?(?:dim\b|dimension\w*|d\b)", r"{n} (?:features|channels)\b", r"vector of {n}", r"{n} numbers (?:each|a picture|an image|per)"),
        unless=r"cached|gib|mib",
        is_setting=True,
    ),
    Quantity(
        "hidden units of the head",
        ("hidden units",),
        ("plain",),
        (r"\bdense\(\s*{n}\s*,\s*relu", r"{n} hidden(?: units)?", r"hidden layer of {n}"),
        is_setting=True,
        lacking="the head that validation chose has no hidden layer",
    ),
    Quantity(
        "dropout of the head",
        ("dropout",),
        ("plain", "percent"),
        (r"\bdropout\s*\(\s*{n}", r"\bdropout(?: rate| fraction)?{is}{n}"),
        is_setting=True,
        lacking="the head that validation chose has no dropout",
    ),
    Quantity(
        "pixels of the network's input",
        ("input pixels", "input size"),
        ("plain", "pixels", "size"),
        (
            r"{any}\s*(?:→|->|⟶)\s*{n}", r"\bresiz\w+ (?:\w+ ){0,4}(?:to|at) {n}", r"\b(?:input|network sees?|sees)(?: size| resolution| images?)?{is}{n}",
            r"\bupscal\w+ (?:\w+ ){0,3}to {n}", r"\bfor {n} input", r"\bat {n} px", r"{n} px\b",
        ),
        when=r"",
        unless=r"%|accuracy|heat ?map is|loss",
        is_setting=True,
    ),
    Quantity(
        "pixels of the images",
        ("image size",),
        ("plain", "pixels"),
        (r"\b(?:resiz|upscal|layer|from|artifact)\w*[^.]{0,25}?{n}\s*(?:→|->|⟶)\s*{any}",),
        unless=r"%|accuracy",
        is_setting=True,
    ),
    Quantity(
        "upscaling",
        ("upscaling",),
        ("ratio",),
        (r"\b(?:up-?scal\w+|enlarg\w+|resiz\w+)(?: by)?(?: a factor of)?{is}{n}", r"{n} (?:up-?scaling|enlargement)"),
        is_setting=True,
    ),
    Quantity(
        "places of the heat map",
        ("map size",),
        ("size",),
        (
            r"{n} (?:heat ?maps?|feature maps?|grad-?cam|fields|places)", r"\b(?:heat ?map|feature map|grad-?cam)(?:s|'s)?(?: resolution| size)?{is}{n}",
            r"\b(?:heat|feature) ?maps? (?:of|at|with) {n}",
        ),
        is_setting=True,
    ),
    Quantity("places of the heat map", ("map size",), ("size",), (r"{start}{n}",), when=r"heat ?map (?:resolution|size)|size of the heat", is_setting=True),
    Quantity("memory of the graphics card", (), ("bytes",), (r"{n} (?:of )?(?:available )?(?:VRAM|GPU memory|video memory)", r"\bVRAM{is}{n}"), is_setting=True,
             lacking="a study does not keep how much memory a graphics card has"),
    Quantity("version of TensorFlow", ("TensorFlow version",), ("plain", "version"), (r"\btensorflow {n}",), is_setting=True,
             lacking="the study did not run on TensorFlow"),
    Quantity("version of Keras", ("Keras version",), ("plain", "version"), (r"\bkeras {n}",), is_setting=True),
    Quantity("version of OpenVINO", ("OpenVINO version",), ("plain", "version"), (r"\bopenvino {n}",), is_setting=True),
)  # fmt: skip
