"""The answers about results as text: every figure beside its n or its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lowres.faces.report.learned_words import doubts_of_file

_SHOWN_PAIRS, _SHOWN_IDS = 5, 5


def judgement_text(data: dict[str, Any]) -> str:
    """Return what `lowres evaluate --predictions` says; `data` as its --json."""
    n = data["n"]
    lines = [
        f"read      {n:,} rows of {data['kind']}, {len(data['classes'])} classes",
        *_findings(data["findings"]),
        f"accuracy  {data['accuracy']:.2%} on {n:,} images, 95 % interval {_span(data['accuracy_interval'])}",
        f"          {data['majority_baseline']:.2%} by the commonest class, {data['chance_baseline']:.2%} by chance; "
        f"balanced {data['balanced_accuracy']:.2%}{_top_k(data)}",
        *(f"warning   {one}" for one in doubts_of_file(data)),
    ]
    if data["target"]:
        gap = data["gap_to_target"]
        lines.append(f"target    {data['target']:.2%}: {'missed' if gap > 0 else 'met'} by {100 * abs(gap):.2f} points")
    lines += ["classes   name                 precision  recall  F1       n", *map(_class_line, data["per_class"])]
    lines += _labelled("confused", [_pair_line(row) for row in data["confusion_pairs"][:_SHOWN_PAIRS]])
    lines += [*_probability_lines(data), *_review_lines(data), *_conformal_lines(data)]
    lines += [f"absent    {', '.join(keys)}: {reason}" for reason, keys in _by_reason(data["absent"]).items()]
    return "\n".join([*lines, *_slice_lines(data["slices"])])


def comparison_text(data: dict[str, Any]) -> str:
    """Return what `lowres compare` says; `data` as its --json."""
    lines = [
        f"result    {row['name']}: {row['accuracy']:.2%} on {row['n']:,} images, "
        f"95 % interval {_span(row['accuracy_interval'])}"
        for row in data["results"]
    ]
    lines += _findings(data["findings"])
    for pair in data["pairs"]:
        corrected = f", {_p(pair['holm_p_value'])} corrected for {len(data['pairs'])} pairs (Holm)"
        lines += [
            f"pair      {pair['second']} against {pair['first']}: {_points(pair['difference'])}, "
            f"95 % interval {_points_span(pair['difference_interval'])}",
            f"          p = {_p(pair['p_value'])} (exact McNemar){corrected if len(data['pairs']) > 1 else ''}",
            f"          gained {_ids(pair['gained'])}",
            f"          lost {_ids(pair['lost'])}",
            f"          wrong in both, but differently: {pair['otherwise_wrong']:,}",
        ]
        lines += map(_gain_line, sorted(pair["per_class"], key=lambda row: row["gain"]))
    return "\n".join([*lines, "note      a winner picked here is flattered by these images; pick on validation"])


def runs_text(data: dict[str, Any]) -> str:
    """Return what `lowres seeds` says; `data` as its --json."""
    lines = [_runs_line("runs", data["runs"])]
    if data["against"]:
        found = data["difference"]
        lines += [
            _runs_line("against", data["against"]),
            f"differ    {_points(found['difference'])}, 95 % interval {_points_span(found['difference_interval'])}, "
            f"p = {_p(found['p_value'])} (Welch's t)",
        ]
    lines += [
        f"seeds     {'more than 10,000' if row['seeds'] is None else row['seeds']} for each of two methods to see "
        f"{100 * row['difference']:.2f} points (80 % power, 5 % level, deviation {100 * data['deviation']:.2f} points)"
        for row in data["seeds_needed"]
    ]
    return "\n".join([*lines, *_findings(data["findings"])])


def _runs_line(word: str, row: dict[str, Any]) -> str:
    return (
        f"{word:<9} mean {row['mean']:.2%} of {row['n']} seeds, deviation {100 * row['deviation']:.2f} points, "
        f"95 % interval {_span(row['mean_interval'])}"
    )


def _gain_line(row: dict[str, Any]) -> str:
    gain = f"{_points(row['gain']):>14}, {_points_span(row['gain_interval'])}"
    return f"          {row['name']:<20} {gain}, n = {row['n']:,}"


def _top_k(data: dict[str, Any]) -> str:
    return "".join(f"; top-{k} {share:.2%}" for k, share in data.get("top_k", {}).items())


def _class_line(row: dict[str, Any]) -> str:
    return (
        f"          {row['name']:<20} {row['precision']:>8.1%} {row['recall']:>8.1%} {row['f1']:>6.1%} "
        f"{row['support']:>6,}"
    )


def _pair_line(row: dict[str, Any]) -> str:
    return f"{row['count']:>5,} of {row['true']} called {row['predicted']}"


def _probability_lines(data: dict[str, Any]) -> list[str]:
    if "nll" not in data:
        return []
    lines = [
        f"trust     NLL {data['nll']:.4f} nats, Brier {data['brier']:.4f}; ECE {data['ece']:.2%} "
        f"({data['ece_binning']}), {data['ece_equal_mass']:.2%} (equal mass)"
    ]
    if "temperature" in data:
        lines += [
            f"          temperature {data['temperature']:.3f} from validation: NLL {data['nll_after_temperature']:.4f}",
            f"          ECE with it {data['ece_after_temperature']:.2%}, "
            f"{data['ece_equal_mass_after_temperature']:.2%} (equal mass)",
        ]
    curve = data["risk_coverage"]
    return [*lines, f"          area under risk and coverage {curve['aurc']:.4f}, at best {curve['lowest_aurc']:.4f}"]


def _review_lines(data: dict[str, Any]) -> list[str]:
    if "review" not in data:
        return []
    chosen, outcome = data["review"]["chosen"], data["review"]["outcome"]
    asked = f"{chosen['asked_error']:.2%}"
    if outcome is None:
        return [
            f"review    no confidence keeps the error below {asked} for certain: {chosen['validation_n']:,} validation "
            f"images vouch for {chosen['error_bound']:.2%} at best; {asked} takes {chosen['images_needed']:,} answers "
            "without a mistake"
        ]
    error = "none" if outcome["error"] is None else f"{outcome['error']:.2%}"
    return [
        f"review    answers of confidence {chosen['threshold']:.4f} or more need no person: error at most {asked} with "
        f"{chosen['certainty']:.0%} certainty (bound {chosen['error_bound']:.2%} on {chosen['validation_n']:,} "
        "validation images)",
        f"          here that keeps {outcome['coverage']:.2%} of {outcome['n']:,} "
        f"({_span(outcome['coverage_interval'])}), of which {error} are wrong ({_span(outcome['error_interval'])})",
    ]


def _conformal_lines(data: dict[str, Any]) -> list[str]:
    rows = [
        f"{row['method']}: sets for {row['asked_coverage']:.0%} hold the true class in {row['coverage']:.2%} "
        f"({_span(row['coverage_interval'])}), {row['mean_size']:.2f} classes on average"
        for row in data.get("conformal", [])
    ]
    return _labelled("sets", rows)


def _slice_lines(columns: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for column in columns:
        by = "" if column["kind"] == "values" else " by quartile"
        lines.append(f"slices    {column['column']}{by}{': ' + column['skipped'] if column['skipped'] else ''}")
        lines += [
            f"          {row['value']:<28} {row['accuracy']:>8.2%}  {_span(row['accuracy_interval'])}, n = {row['n']:,}"
            f"{'  small' if row['is_small'] else ''}"
            for row in column["slices"]
        ]
    return lines


def _findings(findings: Sequence[dict[str, str]]) -> list[str]:
    lines = []
    for row in findings:
        lines.append(f"{row['status']}      {row['name']}: {row['measured']}")
        lines += [f"          {row['repair']}"] if row["repair"] else []
    return lines


def _labelled(word: str, rows: Sequence[str]) -> list[str]:
    return [f"{word if index == 0 else '':<10}{row}" for index, row in enumerate(rows)]


def _by_reason(absent: dict[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for key, reason in absent.items():
        reasons.setdefault(reason, []).append(key)
    return reasons


def _ids(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:_SHOWN_IDS]) + (" ..." if len(ids) > _SHOWN_IDS else "")
    return f"{len(ids):,}{': ' if ids else ''}{shown}"


def _span(interval: Sequence[float]) -> str:
    return f"{interval[0]:.2%} to {interval[1]:.2%}"


def _points(fraction: float) -> str:
    return f"{100 * fraction:+.2f} points"


def _points_span(interval: Sequence[float]) -> str:
    return f"{100 * interval[0]:+.2f} to {100 * interval[1]:+.2f}"


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else f"{value:.1e}"
