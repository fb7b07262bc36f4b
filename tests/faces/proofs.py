"""Heat maps as they may fare against baselines, made by hand for the tests of what is said of them."""

from lowres.faces.report.trust_words import MEASURES
from lowres.values.explaining.explanation_report import ExplanationReport
from lowres.values.explaining.faithfulness import Comparison, Faithfulness
from lowres.values.explaining.randomisation_check import RandomisationCheck, RandomisedStep

# By which of the three measures the maps are better.
ALL, SOME, NONE = (True, True, True), (True, False, True), (False, False, False)


def proof(wins, *, forgets=True):
    """A proof on 40 pictures; `wins`: for each baseline by which of the three measures the maps are better."""
    compared = tuple(
        Comparison(baseline, measure, 0.1 if won else 0.0, (0.05, 0.15) if won else (-0.02, 0.02))
        for baseline, row in wins.items()
        for measure, won in zip(MEASURES, row, strict=True)
    )
    left = (0.1, 0.2) if forgets else (0.6, 0.8)
    step = RandomisedStep("the head", 0.15 if forgets else 0.7, left, 0.1, (0.0, 0.2))
    found = Faithfulness("Grad-CAM", 40, (), compared, {})
    return ExplanationReport("Grad-CAM", "top", "40 of 360", found, RandomisationCheck("Grad-CAM", 40, (step,)))
