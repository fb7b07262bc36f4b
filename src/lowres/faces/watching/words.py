"""A watch in words: one line a window, and the reasons of what alarms."""

from __future__ import annotations

from typing import Any

from lowres.faces.numbers_in_words import count, percent, with_plain_spaces


def verdict_line(verdict: dict[str, Any]) -> str:
    """Return one line about a window, as `WindowVerdict.to_json` has it."""
    when = str(verdict["end"])[:16].replace("T", " ")
    estimate = verdict["estimated_accuracy"]
    low, high = estimate["interval"]
    about = f"accuracy about {percent(estimate['accuracy'])} ({percent(low)} to {percent(high)})"
    if not estimate["is_known"]:
        about = "accuracy cannot be known without labels"
    labelled = verdict["labelled_accuracy"]
    by_people = f", {percent(labelled['accuracy'])} by {labelled['n']} labels" if labelled else ""
    state = "calm" if verdict["calm"] else f"ALARM: {verdict['causes'][0]['reason']}"
    return with_plain_spaces(f"{when} UTC  {count(verdict['n'], 'prediction')}, {about}{by_people}: {state}")


def look_words(model: str, verdicts: list[dict[str, Any]], waiting: int, lost: dict[str, int], window: int) -> str:
    """Return what a look came to, line by line."""
    lines = []
    for verdict in verdicts:
        lines.append(verdict_line(verdict))
        lines += [f"    also: {cause['reason']}" for cause in verdict["causes"][1:]]
    if not verdicts:
        lines.append(f"{model}: no new window; {waiting} of {window} predictions are there")
    lines += [f"{number} predictions were not recorded: {reason}" for reason, number in lost.items()]
    return "\n".join(lines)
