"""What `predict` says in words: one line a picture, what was settled before the first, what came of it in the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lowres.faces.numbers_in_words import count, duration, percent, with_plain_spaces
from lowres.values.judging.prediction_rows import Prediction, Row

if TYPE_CHECKING:
    from lowres.pipeline.predict_pictures import FinishedStudy
    from lowres.values.judging.prediction_rows import AnswerRules

_WIDEST_CLASS = 24


class TableRows:
    """One line a picture for people: how sure, which class, what else, and the file, which may be long, at the end."""

    def __init__(self, stream: IO[str], class_names: Sequence[str]) -> None:
        """Write the header."""
        self._stream = stream
        self._width = min(_WIDEST_CLASS, max(len("class"), *(len(name) for name in class_names)))
        stream.write(f"{'sure':>7}  {'class':<{self._width}}  {'nats':>5}  {'review':<6}  picture (next classes)\n")

    def write(self, rows: Sequence[Row]) -> None:
        """Write a line a row, and pass them on at once."""
        self._stream.writelines(self._line(row) for row in rows)
        self._stream.flush()

    def _line(self, row: Row) -> str:
        if not isinstance(row, Prediction):
            return f"{'unread':>7}  {'':<{self._width}}  {'':>5}  {'':<6}  {row.id}: {row.problem}\n"
        review = {None: "-", True: "person", False: ""}[row.needs_review]
        others = ", ".join(f"{name} {_share(share)}" for name, share in row.top[1:])
        return (
            f"{_share(row.probability):>7}  {row.class_name:<{self._width}}  {row.entropy:5.2f}  {review:<6}  {row.id}"
            f"{f' ({others})' if others else ''}\n"
        )


def _share(fraction: float) -> str:
    return with_plain_spaces(percent(fraction))


def study_notes(study: FinishedStudy, flips: bool) -> list[str]:
    """Return what holds for every row, said once: how pictures are prepared, what the study cannot say of them."""
    rules, (width, height) = study.rules, study.size
    notes = [
        f"pictures are brought to {width} x {height} pixels ({study.recipe.images.fit}), as the study's own were; "
        f"probabilities are calibrated (temperature {rules.temperature:.3g}), entropy is in nats"
    ]
    again = f"run: lowres evaluate {study.folder}"
    if rules.review_threshold is None:
        notes.append(f"no row says whether a person should look: the study names no confidence for it; {again}")
    elif math.isinf(rules.review_threshold):
        notes.append(
            "every answer wants a person: at no confidence can the study's validation pictures vouch that at most "
            f"{_share(rules.asked_error or 0)} are wrong"
        )
    if rules.set_quantile is not None and rules.set_coverage is not None:
        notes.append(f"possible: classes that hold the true one {_share(rules.set_coverage)} of the time, all in all")
    if flips:
        notes.append("temperature and thresholds were chosen for pictures without their mirror images")
    return notes


def study_facts(study: FinishedStudy) -> dict[str, Any]:
    """Return what JSON says of the study before the first row."""
    rules = study.rules
    return {
        "study": study.folder.as_posix(),
        "class_names": list(study.class_names),
        "image_pixels": list(study.size),
        "fit": study.recipe.images.fit,
        "temperature": rules.temperature,
        "entropy_unit": "nats",
        # No confidence is enough where it is infinite, which JSON has no word for.
        "review_threshold": rules.review_threshold if math.isfinite(rules.review_threshold or 0) else None,
        "set_coverage": rules.set_coverage,
    }


def kinds_of(row: Row) -> tuple[str, ...]:
    """Return what the row counts as."""
    if not isinstance(row, Prediction):
        return ("unread",)
    return ("read", "needs_review") if row.needs_review else ("read",)


def end_of(counts: Counter[str], engine: str, seconds: float) -> dict[str, Any]:
    """Return what is known after the last row."""
    return {
        **{name: counts[name] for name in ("read", "unread", "needs_review")},
        "engine": engine,
        "seconds": round(seconds, 3),
    }


def end_text(end: dict[str, Any], rules: AnswerRules, out: Path | None) -> str:
    """Return what is known after the last row, in lines."""
    on = f" on {end['engine']}" if end["engine"] else ""
    lines = [f"read      {count(end['read'], 'picture')} in {duration(end['seconds'])}{on}"]
    if end["unread"]:
        lines.append(f"unread    {count(end['unread'], 'picture')}; their rows say why")
    if rules.review_threshold is not None:
        lines.append(f"review    {count(end['needs_review'], 'picture')} want a person to look")
    lines += [f"rows      {out}"] if out else []
    return with_plain_spaces("\n".join(lines))
