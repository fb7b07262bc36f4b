"""Quantities of the results: accuracy, classes, confusions, target, confidence, and what was left behind."""

from __future__ import annotations

from lowres.values.claims.quantity import Quantity

_ACCURACY = r"(?:top-1 )?(?:accuracy|acc)\b"
_ON_TEST = r"(?:on|of|for) (?:the |all |our )?(?:{any} )?(?:held-out |unseen )?test"
_OTHER = r"target|goal|aim|chance|random|guess|baseline|ceiling|mirror|views|train|balanced|top-[2-9]|top \d"

RESULTS: tuple[Quantity, ...] = (
    Quantity(
        "test accuracy",
        ("test accuracy",),
        ("percent", "plain"),
        (
            rf"\btest(?: set| part)?(?: {_ACCURACY})?{{is}}{{n}}",
            rf"{{n}} (?:test )?{_ACCURACY} {_ON_TEST}",
            rf"{{n}} test {_ACCURACY}",
            r"{n} (?:of|on) (?:the |all )?(?:{any} )?test",
            rf"\b{_ACCURACY}(?: (?:on|of) (?:the )?test(?: set| part| images| data)?)?{{is}}{{n}}",
            rf"\bcurrent {_ACCURACY}\s*\(?\s*{{n}}",
            r"{n}\s+achieved",
            r"\bachieved{is}{n}",
            rf"{{n}} {_ACCURACY}",
            r"\bnames {n} of",
            r"{n} (?:of them )?(?:is |are |were )?(?:right|correct(?:ly)?)\b",
            r"\bscored{is}{n}",
            r"{n} correct",
        ),
        never=r"what does",
        unless=_OTHER
        + r"|val|phase|interval|mistake|wrong|images a|parameters|confiden|sets|memory|F1|precision|recall|"
        r"class(?:es)? only|frozen|fine-?tun|agree",
    ),
    Quantity(
        "test accuracy",
        ("test accuracy",),
        ("percent",),
        (r"{any} (?:target|goal)\s*[-–—−]\s*{n} (?:achieved|reached)", r"\btest\s*:\s*{n}"),
    ),
    Quantity(
        "test error",
        ("test error",),
        ("percent", "plain"),
        (
            r"\b(?:test )?error(?: rate)?{is}{n}",
            r"{n} (?:test )?error\b",
            r"{n} (?:of them )?(?:is |are |were )?wrong\b",
        ),
        unless=r"calibration|remain|kept|sure|review|among|cover",
    ),
    Quantity(
        "interval of the test accuracy",
        ("test interval",),
        ("percent", "plain"),
        (r"\b(?:interval|CI)\b{is}{n}", r"\binterval[^.⟦]{0,20}{n}"),
        unless=r"recall|precision|chance|finds|kept|confiden|f1|wrong|coverage",
        is_range=True,
    ),
    Quantity(
        "wrong answers",
        ("wrong answers",),
        ("plain",),
        (
            r"{n} (?:of {any} )?(?:answers |images |pictures )?(?:were |are |was )?(?:wrong|mistakes|misclassified)",
            r"\b(?:mistakes|errors|misclassified)\s*[:=]\s*{n}",
        ),
        unless=r"surest|confiden",
    ),
    Quantity(
        "right answers",
        ("right answers",),
        ("plain",),
        (
            r"{n} of {any} (?:test )?(?:images |pictures |answers )?(?:were |are |was )?(?:right|correct)",
            r"{n} (?:correct|right) (?:answers|predictions)",
            r"\b(?:right|correct\w*)[^.⟦]{0,15}{n} of {any}",
        ),
    ),
    Quantity(
        "test images",
        ("judged images", "test images"),
        ("plain",),
        (r"{any} (?:on|of) (?:the |all )?{n} test", r"\bn\s*=\s*{n}(?=\))", r"{any} of {n} (?:answers|test)"),
        unless=r"validation|on {n} images",
        is_setting=True,
    ),
    Quantity(
        "validation accuracy",
        ("validation accuracy", "tuned validation accuracy", "frozen validation accuracy"),
        ("percent", "plain"),
        (
            rf"\bval(?:idation)?(?: set| part)?(?:[ _]{_ACCURACY})?{{is}}{{n}}",
            rf"{{n}} val(?:idation)? {_ACCURACY}",
            rf"{{n}} {_ACCURACY} on (?:the )?validation",
        ),
        unless=r"loss|images|share|interval|size|train\w* and",
    ),
    Quantity(
        "validation accuracy",
        ("validation accuracy", "tuned validation accuracy"),
        ("percent",),
        (r"{start}{n}",),
        when=r"validation accuracy",
    ),
    Quantity(
        "target",
        ("target",),
        ("percent", "plain"),
        (
            r"{n} (?:accuracy )?(?:target|goal)\b",
            r"\b(?:target|goal)(?: accuracy)?{is}{n}",
            r"\bpath to {n}(?: accuracy)?",
            r"\breach(?:ing)? (?:the )?{n} (?:accuracy )?(?:target|goal)",
        ),
        is_setting=True,
        lacking="the recipe names no target (evaluation.target_accuracy)",
    ),
    Quantity(
        "gap to the target",
        ("gap to target",),
        ("points", "percent"),
        (
            r"\b(?:missed|short)\b[^.⟦]{0,20}{n}",
            r"{n} (?:short of|below|under|away from|to) (?:the )?target",
            r"\bgap to (?:the )?target{is}{n}",
        ),
        lacking="the recipe names no target (evaluation.target_accuracy)",
    ),
    Quantity(
        "gap to the target",
        ("gap to target",),
        ("points", "percent"),
        (r"{start}{n}",),
        when=r"gap to (?:the )?target",
        lacking="the recipe names no target (evaluation.target_accuracy)",
    ),
    Quantity(
        "gap between test and validation",
        ("gap of test to validation",),
        ("points", "percent"),
        (r"\bgap\s*\(\s*{n}", r"\bgap (?:between|of)[^.⟦]{0,40}{n}", r"\bdiffer\w* by (?:only )?{n}"),
        unless=r"target",
    ),
    *(
        Quantity(
            f"{measure} of {{class}}",
            (f"{key} of {{class}}",),
            ("percent", "plain"),
            (
                rf"{{class}}\s*\(\s*{{n}} {word}",
                rf"{{class}},? {word}\s*[:=]?\s*{{n}}",
                rf"{{class}}{{same}}\b{word}{{is}}{{n}}",
                rf"\b{word}(?: of| for| on){{is}}{{class}}{{is}}{{n}}",
                rf"{{class}}(?: has| had| with| reaches| at)?{{is}}{{n}} {word}",
                rf"\b{{n}} {word} (?:for|of|on) (?:the )?{{class}}",
                rf"\b{word}{{is}}{{n}} (?:for|on) {{class}}",
                rf"{{class}}\s*\([^)]*?\b{word}{{is}}{{n}}",
            ),
            unless=r"interval",
        )
        for measure, key, word in (
            ("precision", "precision", "precision"),
            ("recall", "recall", "recall"),
            ("F1", "f1", r"F1(?:[ -]score)?"),
        )
    ),
    Quantity(
        "recall of {class}",
        ("recall of {class}",),
        ("percent",),
        (
            r"\bfinds (?:\w+ )?(?:of )?{class}\s*:?\s*{n}",
            r"\bfinds {n} of (?:the )?{class}",
            r"{class}(?:'s)? accuracy{is}{n}",
            r"{n} of (?:the |all )?{class} (?:are|were) (?:found|recogni[sz]ed)",
        ),
        unless="interval",
    ),
    *(
        Quantity(
            f"mean {measure}",
            (f"mean {key}",),
            ("percent", "plain"),
            (
                rf"\b(?:macro|mean|average)[ -](?:averaged? )?{word}{{is}}{{n}}",
                rf"\b{word},? (?:mean|macro)[^:⟦]{{0,20}}{{is}}{{n}}",
            ),
        )
        for measure, key, word in (
            ("precision", "precision", "precision"),
            ("recall", "recall", "recall"),
            ("F1", "f1", r"F1(?:[ -]score)?"),
        )
    ),
    Quantity(
        "balanced accuracy", ("balanced accuracy",), ("percent", "plain"), (r"\bbalanced accuracy[^.⟦|]{0,40}?{is}{n}",)
    ),
    *(
        Quantity(
            f"top-{k} accuracy",
            (f"top-{k} accuracy",),
            ("percent", "plain"),
            (rf"\btop[- ]{k} accuracy{{is}}{{n}}", rf"{{n}} top[- ]{k}\b"),
        )
        for k in (2, 3, 5)
    ),
    Quantity(
        "{true} taken for {predicted}",
        ("{true} taken for {predicted}",),
        ("plain", "ratio"),
        (
            r"{true}\s*(?:→|->|⟶|=>)\s*{predicted}\s*[(:,]?\s*{n}",
            r"{true} (?:was |were )?(?:taken|mistaken|confused|misclassified|predicted|classified) (?:for|as|"
            r"with) (?:an? )?{predicted}{is}\(?{n}",
            r"{n} {true} (?:\w+ )?(?:were |was |are )?(?:taken|mistaken|confused|misclassified|predicted|"
            r"classified) (?:for|as) (?:an? )?{predicted}",
            r"{n} (?:times )?{true} (?:for|as) (?:an? )?{predicted}",
            r"\bconfus\w+ {true} with {predicted}{is}{n}",
            r"\band {true} with {predicted}\s*\(\s*{n}",
        ),
    ),
    Quantity(
        "calibration error",
        ("calibration error", "calibration error after temperature"),
        ("percent", "points", "plain"),
        (r"\b(?:calibration error|ECE)\b(?:[^.⟦|]{0,25})?{is}{n}",),
        unless=r"bins",
    ),
    Quantity(
        "temperature",
        ("temperature",),
        ("plain",),
        (r"\btemperature\b{is}{n}",),
        unless=r"below|above|degrees|before and after|after the|log-lik",
    ),
    Quantity(
        "test loss",
        ("test loss", "test loss after temperature"),
        ("plain",),
        (r"\btest loss{is}{n}", r"\b(?:NLL|negative log-likelihood)\b{is}{n}"),
    ),
    Quantity("Brier score", ("Brier score",), ("plain",), (r"\bbrier(?: score)?\b{is}{n}",)),
    Quantity("figures", ("figures",), ("plain",), (r"{n} (?:\w+ )?figures\b(?! behind)", r"\bfigures\s*[:=]\s*{n}")),
    Quantity(
        "model files",
        ("model files", "files beside figures"),
        ("plain",),
        (r"{n} model files", r"\bmodel files\s*[:=]\s*{n}"),
    ),
    Quantity("processor cores", ("cores",), ("plain",), (r"{n} (?:processor |CPU )?cores",), is_setting=True),
)
