"""The sentences about trust: when a person should look, and whether the heat maps can be believed."""

from __future__ import annotations

from collections.abc import Sequence

from lowres.faces.numbers_in_words import count, listed, percent
from lowres.values.explaining.explanation_report import ExplanationReport
from lowres.values.explaining.faithfulness import Faithfulness, Measure
from lowres.values.judging.appraisal import Review
from lowres.values.judging.conformal import ConformalSets
from lowres.values.judging.robustness import Robustness
from lowres.values.judging.selective import RiskCoverage

MEASURES: dict[Measure, str] = {
    "deletion": "deletion: the answer suffers when what is hot goes",
    "insertion": "insertion: it comes back when what is hot comes back",
    "road": "ROAD: what is hot carries more of it than what is cold",
}


# The maps that know nothing of the network, as they are called in `explanation.json`, for people.
BASELINES = {"random": "a random map", "centre": "a blob in the centre", "edges": "an edge detector"}


def when_to_ask(review: Review | None) -> str:
    """Return from which confidence on no person needs to look, in one sentence; nothing where nobody asked."""
    if review is None:
        return ""
    chosen, outcome = review.chosen, review.outcome
    asked = percent(chosen.asked_error)
    if chosen.threshold is None or outcome is None or outcome.error is None:
        return (
            "Let a person look at every answer: at no confidence can the validation pictures vouch that at most "
            f"{asked} of the answers are wrong."
        )
    return (
        f"Let a person look at answers of less than {percent(chosen.threshold)} confidence: the others, "
        f"{percent(outcome.coverage, 0)} of the test pictures, were wrong in {percent(outcome.error)}."
    )


def how_the_threshold_came(review: Review) -> str:
    """Return what the threshold promises, how it was chosen, and what it came to."""
    chosen, outcome = review.chosen, review.outcome
    asked, sure = percent(chosen.asked_error), percent(chosen.certainty, 0)
    if chosen.threshold is None or outcome is None:
        # As many digits as it takes to show that it is more than was asked for.
        best = next(
            (
                shown
                for digits in (1, 2, 3)
                if (shown := percent(chosen.error_bound, digits)) != percent(chosen.asked_error, digits)
            ),
            percent(chosen.error_bound, 3),
        )
        return (
            f"It was asked for a confidence from which at most {asked} of the answers are wrong. With "
            f"{count(chosen.validation_n, 'validation picture')} the best that can be said with {sure} certainty is "
            f"{best}; to vouch for {asked} takes at least {chosen.images_needed:,} of them "
            "answered without a mistake."
        )
    low, high = outcome.error_interval
    kept = (
        f"On the test pictures, which had no say, it keeps {count(outcome.kept, 'answer')} "
        f"({percent(outcome.coverage)}), of which {outcome.errors:,} are wrong"
    )
    error = f": {percent(outcome.error)} ({percent(low)} to {percent(high)})" if outcome.error is not None else ""
    return (
        f"The {count(chosen.validation_n, 'validation picture')} chose the confidence of {percent(chosen.threshold)}, "
        f"from which, with {sure} certainty, at most {asked} of the answers are wrong. {kept}{error}."
    )


def doubt_pays(curve: RiskCoverage) -> str:
    """Return what is gained by leaving the doubtful half to people."""
    half = min(curve.points, key=lambda point: abs(point.coverage - 0.5))
    return (
        f"Of all answers {percent(curve.points[-1].risk)} are wrong; of the {percent(half.coverage, 0)} it is surest "
        f"of, {percent(half.risk)}."
    )


def when_damaged(found: Robustness) -> str:
    """Return what damaged pictures cost, and which damage costs most."""
    ordered = sorted(found.corruptions, key=lambda row: row.mean)
    worst, best = ordered[0], ordered[-1]
    low, high = found.mean_interval
    return (
        f"{count(found.n, 'test picture')}, damaged in {len(found.corruptions)} ways and to "
        f"{len(found.corruptions[0].accuracies)} degrees, are named correctly in {percent(found.mean_accuracy)} "
        f"({percent(low)} to {percent(high)}), undamaged in {percent(found.clean_accuracy)}. It suffers most from "
        f"{worst.name} ({percent(worst.mean)}) and least from {best.name} ({percent(best.mean)})."
    )


def sets_in_words(sets: Sequence[ConformalSets]) -> str:
    """Return how sets of possible classes fare; nothing where there are none."""
    if not sets:
        return ""
    first = sets[0]
    fared = ", ".join(
        f"{one.method} holds it in {percent(one.coverage)} ({percent(one.coverage_interval[0])} to "
        f"{percent(one.coverage_interval[1])}) with {one.mean_size:.2f} classes on average"
        for one in sets
    )
    return (
        f"Instead of one name it can give a set of names that holds the true one in {percent(first.asked_coverage)} of "
        f"the pictures (conformal sets, their size from validation). On the test pictures {fared}."
    )


def are_maps_true(proof: ExplanationReport | None) -> str:
    """Return in one sentence whether the heat maps beat maps that know nothing; nothing where nobody tried."""
    found = proof.faithfulness if proof else None
    if proof is None or found is None:
        return ""
    if proof.is_trusted:
        return (
            f"Its heat maps point to what the answers rest on better than what knows nothing of the network "
            f"({_listed(found.baselines)})."
        )
    if not found.is_better_than_all:
        return f"Its heat maps {_worst(found)}: do not read from them what it looks at."
    return (
        "Its heat maps stay much the same when the network forgets what it learned, so they show the picture rather "
        "than the network."
    )


def how_maps_were_tried(proof: ExplanationReport) -> str:
    """Return what the maps were put to, on which pictures."""
    found = proof.faithfulness
    if found is None:
        return ""
    forgot = ""
    if proof.randomisation is not None:
        last = proof.randomisation.steps[-1]
        passed = "as they should" if proof.randomisation.is_passed else "less than they should"
        forgot = (
            f" With the network's weights shuffled the maps change {passed}: what is left of their order is a rank "
            f"correlation of {last.rank_correlation:.2f}."
        )
    return (
        f"Parts of {count(found.n, 'test picture')} were taken away, what the map calls hot first or last, and the "
        f"network was asked again. The table says by how much the maps are better than maps that know nothing of it, "
        f"in points of the answer's probability, with 95 % intervals.{forgot}"
    )


def _worst(found: Faithfulness) -> str:
    """What the maps are no better than, the plainest first."""
    verdicts = {name: found.verdict(name) for name in found.baselines}
    lost = [name for name, verdict in verdicts.items() if verdict == "no better"]
    if lost:
        return f"could not be shown to be better than {_listed(lost)} (n = {found.n})"
    rest = _listed([name for name in verdicts if verdicts[name] != "better"])
    return f"are better than {rest} by some measures only (n = {found.n})"


def _listed(baselines: Sequence[str]) -> str:
    return listed([BASELINES.get(name, name) for name in baselines], "and")
