"""Quantities of the training: augmentation, both phases' settings, what they took and what they came to."""

from __future__ import annotations

from collections.abc import Iterator

from lowres.values.claims.quantity import Phase, Quantity

_NO_TUNING = "the study has no fine-tuning"
_NO_EPOCHS = "the head that validation chose was solved at once, without epochs"
_WORDS: dict[Phase, str] = {
    "frozen": r"(?:phase 1|phase one|first phase|frozen(?: phase| training| base| trunk| backbone)?|head alone|"
    r"feature extraction)",
    "tuned": r"(?:phase 2|phase two|second phase|fine-?tun(?:ing|ed))",
}
_VALIDATION = r"val(?:idation)?(?:[ _](?:set|part|data))?"


def _phase(phase: Phase, lacking: str) -> Iterator[Quantity]:
    words = _WORDS[phase]
    told = "the frozen phase" if phase == "frozen" else "fine-tuning"
    yield Quantity(
        f"epochs of {told}",
        (f"{phase} epochs",),
        ("plain",),
        (r"(?:\ball )?{n} epochs\b", r"epochs\s*[:=]\s*{n}"),
        phase=phase,
        unless=r"at most|up to|maximum|limit|patience|after {n}|without",
        lacking=lacking,
    )
    yield Quantity(
        f"most epochs of {told}",
        (f"{phase} most epochs", f"{phase} epochs"),
        ("plain",),
        (r"\b(?:at most|up to|a maximum of|limit of) {n} epochs", r"\bof {n} epochs", r"{n} epochs at most"),
        phase=phase,
        is_setting=True,
        lacking=lacking,
    )
    yield Quantity(
        f"kept epoch of {told}",
        (f"{phase} kept epoch",),
        ("plain",),
        (
            r"\b(?:best|kept|restored|weights|checkpoint|peak\w*)\b[^.]{0,40}?\bepoch {n}",
            r"\bat epoch {n}",
            r"\bepoch {n} (?:was|is|gave) (?:the )?(?:best|kept)",
        ),
        phase=phase,
        lacking=lacking,
    )
    yield Quantity(
        f"learning rate of {told}",
        (f"{phase} rate",),
        ("plain",),
        (r"\b(?:learning[ -]rate|\blr)\b(?: of \w+)?{is}{n}", r"{n} (?:learning[ -]rate|lr)\b"),
        phase=phase,
        unless=r"\bvs",
        is_setting=True,
        lacking=lacking,
    )
    yield Quantity(
        f"validation accuracy of {told}",
        (f"{phase} validation accuracy", f"{phase} last validation accuracy"),
        ("percent", "plain"),
        (
            r"{n} (?:top-1 )?(?:" + _VALIDATION + r" )?accuracy",
            rf"\b{_VALIDATION}(?: accuracy| acc)?{{is}}{{n}}",
            rf"\b{words}[^.⟦]{{0,30}}{{n}}",
            r"\baccuracy{is}{n}",
        ),
        phase=phase,
        unless=r"test|epochs without|train\w* (?:acc|and)|target|loss|F1|precision|recall|chance|random|ceiling|layer",
        never=r"what does",
        lacking=lacking,
    )
    yield Quantity(
        f"loss of {told}",
        (f"{phase} validation loss", f"{phase} training loss", f"{phase} last training loss"),
        ("plain",),
        (r"\bloss\b{is}{n}", r"{n} (?:\w+ )?loss\b"),
        phase=phase,
        unless=r"\bln\b|log\(|guess|chance|test",
        lacking=lacking,
    )
    yield Quantity(
        f"time of {told}",
        (f"{phase} seconds", *(("features seconds", "head seconds") if phase == "frozen" else ())),
        ("seconds",),
        (
            rf"{{n}} (?:for |of |in )?(?:the )?{words}",
            rf"\b{words}(?: training)?(?: took| lasted| needs| needed| takes)?{{is}}{{n}}",
        ),
        unless=r"epoch took|per epoch|an epoch|each epoch",
        lacking=lacking,
    )
    yield Quantity(
        f"time of {told}",
        (f"{phase} seconds",),
        ("seconds",),
        (r"{start}{n}", r"^[^,;]{0,60}\b(?:took|lasted|needed|takes){is}{n}"),
        phase=phase,
        when=r"how long|phase|train|tun",
        lacking=lacking,
    )
    yield Quantity(
        f"stopping patience of {told}",
        (f"{phase} stopping patience",),
        ("plain",),
        (r"\bearly ?stopping\s*\(\s*patience\s*=?\s*{n}", r"\bearly stopping[^.⟦]{0,30}{n}"),
        phase=phase,
        is_setting=True,
        lacking=lacking,
    )
    yield Quantity(
        f"plateau patience of {told}",
        (f"{phase} plateau patience",),
        ("plain",),
        (r"\breducelronplateau\s*\([^)]{0,30}patience\s*=?\s*{n}", r"\bplateau[^.⟦]{0,20}patience{is}{n}"),
        phase=phase,
        is_setting=True,
        lacking=lacking,
    )
    yield Quantity(
        f"plateau factor of {told}",
        (f"{phase} plateau factor",),
        ("plain",),
        (r"\breducelronplateau\s*\([^)]{0,30}factor\s*=?\s*{n}", r"\bplateau[^.⟦]{0,20}factor{is}{n}"),
        phase=phase,
        is_setting=True,
        lacking=lacking,
    )


TRAINING: tuple[Quantity, ...] = (
    Quantity(
        "rotation, as a fraction of a turn",
        ("rotation fraction",),
        ("plain",),
        (r"rotation\s*\(?\s*{n}(?!\s*(?:degrees|°))",),
        is_setting=True,
    ),
    Quantity(
        "farthest rotation",
        ("rotation degrees",),
        ("degrees",),
        (r"rotat\w+\W*(?:{any}\s*=\s*|(?:of|by|up to|is)\s+)*{n}", r"{n} (?:of )?rotation"),
        is_setting=True,
    ),
    Quantity("zoom, as a fraction", ("zoom fraction",), ("plain",), (r"zoom\s*\(?\s*{n}",), is_setting=True),
    Quantity(
        "farthest zoom",
        ("zoom share",),
        ("percent",),
        (r"zoom\w*\W*(?:{any}\s*=\s*|(?:of|by|up to|is)\s+)*{n}", r"{n} zoom"),
        is_setting=True,
    ),
    Quantity(
        "images in a batch",
        ("frozen batch", "tuned batch"),
        ("plain",),
        (r"\bbatch(?:es)?(?:[ -]size)?{is}{n}", r"{n} (?:images )?(?:in a|per|a) batch"),
        is_setting=True,
        lacking=_NO_EPOCHS,
    ),
    Quantity(
        "learning rate of fine-tuning",
        ("tuned rate",),
        ("plain",),
        (r"\blearning rate\s*\(\s*{n} vs\.? {any}",),
        is_setting=True,
        lacking=_NO_TUNING,
    ),
    Quantity(
        "learning rate of the frozen phase",
        ("frozen rate",),
        ("plain",),
        (r"\blearning rate\s*\(\s*{any} vs\.? {n}",),
        is_setting=True,
        lacking=_NO_EPOCHS,
    ),
    Quantity(
        "learning rate",
        ("frozen rate", "tuned rate"),
        ("plain",),
        (r"\b(?:learning[ -]rate|\blr)\b{is}{n}",),
        unless=r"\bvs",
        is_setting=True,
        lacking=_NO_EPOCHS,
    ),
    *_phase("frozen", _NO_EPOCHS),
    *_phase("tuned", _NO_TUNING),
    Quantity(
        "epochs",
        ("tuned epochs", "frozen epochs", "tuned most epochs", "frozen most epochs"),
        ("plain",),
        (r"{n} epochs\b",),
        unless=r"patience|after {n}|without|more",
        lacking=_NO_EPOCHS,
    ),
    Quantity(
        "time of the whole study",
        ("total seconds", "seconds before the report", "training seconds"),
        ("seconds",),
        (
            r"\b(?:whole|complete|entire|full) (?:study|notebook|run|pipeline){is}(?:took)?{is}{n}",
            r"\btotal (?:time|run ?time|training time){is}{n}",
            r"\b(?:training|study|notebook|everything) (?:took|takes|needed|needs){is}{n}",
            r"{n} (?:of computing|in total|altogether)",
        ),
    ),
    Quantity(
        "time of the whole study",
        ("total seconds", "seconds before the report", "training seconds"),
        ("seconds",),
        (r"{start}{n}",),
        when=r"how long did (?:the )?(?:complete|whole|entire|notebook|study|everything)",
    ),
    Quantity(
        "chance loss",
        ("chance loss",),
        ("plain",),
        (
            r"\b(?:log|ln)\s*\(?\s*{any}\s*\)?\s*(?:=|\bis\b)?\s*{n}",
            r"\b(?:chance|random(?: guessing)?)(?:[ -]level)? loss{is}{n}",
        ),
        is_setting=True,
    ),
    Quantity(
        "chance accuracy",
        ("chance accuracy", "majority baseline"),
        ("percent", "plain"),
        (
            r"\b(?:chance|random guessing|guessing)(?: level)?{is}{n}",
            r"\bcommonest class{is}(?:would be right )?{is}{n}",
            r"\bmajority (?:class|baseline){is}{n}",
        ),
        unless=r"ceiling",
    ),
    Quantity(
        "improvement by fine-tuning",
        ("improvement of fine-tuning",),
        ("ratio",),
        (r"{n} (?:improvement|better|increase|as (?:good|accurate))", r"\bimprov\w+(?: by)?(?: a factor of)?{is}{n}"),
        never=r"memory|float32",
        lacking=_NO_TUNING,
    ),
    Quantity(
        "validation accuracy of the frozen phase",
        ("frozen validation accuracy",),
        ("percent",),
        (r"\bimprove\w*\s*\(\s*{n}\s*(?:→|->|to)\s*{any}", r"\bfrom {n} (?:→|->|to) {any} (?:validation|val)"),
        lacking="the study has no frozen phase",
    ),
    Quantity(
        "validation accuracy of fine-tuning",
        ("tuned validation accuracy",),
        ("percent",),
        (r"{any}\s*(?:→|->|to)\s*{n} (?:validation|val)", r"\bimprove\w*\s*\(\s*{any}\s*(?:→|->|to)\s*{n}"),
        lacking=_NO_TUNING,
    ),
    Quantity(
        "gain by fine-tuning",
        ("gain of fine-tuning",),
        ("points", "percent"),
        (r"\bfine-?tuning (?:added|gained|brought|gains|adds){is}{n}",),
        lacking=_NO_TUNING,
    ),
    Quantity(
        "range of accuracies over runs",
        (),
        ("percent", "plain"),
        (
            r"\b(?:run-to-run )?varian(?:ce|t)\w*\s*\(\s*{n}",
            r"\b(?:seeds?|runs?)\b[^.⟦]{0,25}\b(?:range\w*|between|vary|varied|from){is}{n}",
        ),
        is_range=True,
        lacking="one study is one run; lowres seeds trains several",
    ),
)
