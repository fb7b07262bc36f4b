"""Outputs of any model in a file: .npz, .npy, .csv or .parquet, their parts found by the names people give them."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.files.tables import SUFFIXES, read_table
from lowres.values.judging.given_outputs import GivenOutputs
from lowres.values.judging.output_kinds import Kind

_IDS = ("id", "ids", "image_id", "image_ids", "image", "filename", "filenames", "file", "path", "name", "names", "")
_LABELS = ("label", "labels", "y_true", "true", "truth", "target", "targets", "y", "y_test", "true_label", "class")
_CLASS_NAMES = ("class_names", "classes", "target_names", "label_names")
_HARD = ("predicted", "prediction", "predictions", "pred", "preds", "y_pred", "predicted_label", "predicted_class")
# Array names by what they say of the kind; the first that is there is taken.
_SCORES: tuple[tuple[Kind | None, tuple[str, ...]], ...] = (
    ("logits", ("logits", "logit")),
    ("probabilities", ("probabilities", "probability", "probs", "prob", "proba", "y_prob", "y_proba", "softmax")),
    (None, ("scores", "score", "y_score", "outputs", "output", *_HARD)),
)
_PREFIX = re.compile(r"(logits?|probs?|proba|probability|probabilities|p|scores?|outputs?)[ _.:-]+(?=.)", re.IGNORECASE)


def read_given_outputs(path: Path) -> GivenOutputs:
    """Return what a file of outputs holds, unjudged; nothing pickled is read.

    .npz: arrays called as people call them (logits, probabilities, y_score, y_pred; labels, y_true; ids; class_names).
    .npy: outputs alone. .csv and .parquet: an id column, a label column, and a predicted class or a column a class.
    Refused with PredictionsError: a file that does not read, another format, nothing that could be outputs.
    """
    if path.suffix.lower() in SUFFIXES:
        return _from_table(read_table(path), path)
    arrays = _arrays(path)
    if isinstance(arrays, np.ndarray):
        return GivenOutputs(str(path), arrays, None, None, None)
    for kind, names in _SCORES:
        name = _found(arrays, names)
        if name is not None:
            return _with_parts(arrays, arrays[name], kind, str(path), _class_names(arrays))
    raise PredictionsError(
        f"expected an array logits, probabilities or predicted in {path}, got {', '.join(arrays) or 'none'}; store the "
        "outputs under one of these names"
    )


def read_given_labels(path: Path) -> GivenOutputs:
    """Return the true labels of a file, with ids where it has them: the same formats, or one column alone."""
    is_table = path.suffix.lower() in SUFFIXES
    if is_table:
        columns: Mapping[str, NDArray[Any]] = read_table(path)
    else:
        arrays = _arrays(path)
        columns = {"labels": arrays} if isinstance(arrays, np.ndarray) else arrays
    labels = _found(columns, _LABELS)
    if labels is None and len(columns) == 1:
        labels = next(iter(columns))
    if labels is None:
        raise PredictionsError(
            f"expected a column or array of true labels in {path}, called label, got {', '.join(columns)}; rename it"
        )
    return GivenOutputs(str(path), None, columns[labels], _ids(columns), None if is_table else _class_names(columns))


def read_metadata(path: Path, ids: Sequence[str]) -> dict[str, list[str]]:
    """Return each column of a metadata table but its ids, as text in the order of `ids`.

    Refused with PredictionsError: no id column, an id twice, an image it says nothing of.
    """
    table = read_table(path)
    own = _ids(table)
    if own is None:
        raise PredictionsError(f"expected a column 'id' in {path}, got {', '.join(table)}; name each row's image")
    row_of = {name: row for row, name in enumerate(own)}
    if len(row_of) < len(own):
        raise PredictionsError(f"expected every id once in {path}, got {len(own) - len(row_of)} repeated")
    missing = [name for name in ids if name not in row_of]
    if missing:
        raise PredictionsError(
            f"expected a row for each of {len(ids)} judged images in {path}, got none for {len(missing)}, such as "
            f"{', '.join(missing[:3])}; add them, with empty cells where nothing is known"
        )
    rows = [row_of[name] for name in ids]
    columns = {name: column for name, column in table.items() if name != _found(table, _IDS) and column.ndim == 1}
    return {
        name: ["" if str(value) == "nan" else str(value) for value in column[rows]] for name, column in columns.items()
    }


def _arrays(path: Path) -> NDArray[Any] | dict[str, NDArray[Any]]:
    if path.suffix.lower() not in (".npz", ".npy"):
        raise PredictionsError(
            f"expected outputs as .npz, .npy, .csv or .parquet, got {path}; store them as one of these"
        )
    try:
        # From memory: NumPy leaves the file open where it turns out to be none of its own.
        file = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        return file if isinstance(file, np.ndarray) else {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise PredictionsError(f"expected outputs at {path}, where no file is; mind the spelling") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise PredictionsError(
            f"expected plain NumPy arrays in {path}, got something that does not read ({error}); write it again with "
            "numpy.save or numpy.savez, without object arrays"
        ) from error


def _from_table(table: dict[str, NDArray[Any]], path: Path) -> GivenOutputs:
    for kind, names in _SCORES:
        name = _found(table, names)
        if name is not None and table[name].ndim == 2:
            return _with_parts(table, table[name], kind, str(path))
    columns, hard = _score_columns(table), _found(table, _HARD)
    if not columns and hard is None:
        raise PredictionsError(
            f"expected a column 'predicted', or a column of numbers for each class, in {path}, got {', '.join(table)}; "
            "rename them"
        )
    used = {*columns, *(_found(table, names) for names in (_IDS, _LABELS, _HARD))}
    unused = [name for name in table if name not in used]
    notes = (f"columns that are no outputs were left alone: {', '.join(unused)}",) if unused else ()
    if not columns and hard is not None:
        return _with_parts(table, table[hard], None, str(path), notes=notes)
    outputs = np.stack([_numbers(table[name], name, path) for name in columns], axis=1)
    where = f"{path} (columns {', '.join(columns[:3])}{' ...' if len(columns) > 3 else ''})"
    class_names, named = _class_columns(columns)
    return _with_parts(table, outputs, named, where, class_names, notes)


def _score_columns(table: Mapping[str, NDArray[Any]]) -> list[str]:
    """The columns that hold a class each: those called so (prob_cat, logit_3), else, beside no answer, all numbers."""
    parts = {_found(table, names) for names in (_IDS, _LABELS, _HARD)}
    left = [name for name, column in table.items() if name not in parts and column.ndim == 1]
    called = [name for name in left if _PREFIX.match(name)]
    if len(called) > 1:
        return called
    return [name for name in left if _is_numeric(table[name])] if _found(table, _HARD) is None else []


def _class_columns(columns: list[str]) -> tuple[tuple[str, ...] | None, Kind | None]:
    """The classes that score columns are named after, and the kind that all of them say they are."""
    found = [_PREFIX.match(name) for name in columns]
    words = {match[1].lower() if match else "" for match in found}
    word = words.pop() if len(words) == 1 else ""
    named: Kind | None = "logits" if word.startswith("logit") else "probabilities" if word.startswith("prob") else None
    bare = [name[match.end() :] if match else name for name, match in zip(columns, found, strict=True)]
    names = bare if word and len(set(bare)) == len(bare) else columns
    return (tuple(names) if len(columns) > 1 else None), named


def _is_numeric(column: NDArray[Any]) -> bool:
    try:
        return column.dtype.kind in "iufb" or bool(_from_text(column).shape)
    except ValueError:
        return False


def _from_text(column: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(column == "", "nan", column).astype(np.float64)


def _numbers(column: NDArray[Any], name: str, path: Path) -> NDArray[np.float64]:
    if not _is_numeric(column):
        raise PredictionsError(f"expected numbers in {name} of {path}, got text such as {str(column[0])!r}")
    return _from_text(column) if column.dtype.kind == "U" else column.astype(np.float64)


def _with_parts(
    columns: Mapping[str, NDArray[Any]],
    outputs: NDArray[Any],
    kind: Kind | None,
    where: str,
    class_names: tuple[str, ...] | None = None,
    notes: tuple[str, ...] = (),
) -> GivenOutputs:
    labels = _found(columns, _LABELS)
    return GivenOutputs(
        where=where,
        outputs=outputs,
        labels=None if labels is None else columns[labels],
        ids=_ids(columns),
        class_names=class_names,
        named=kind,
        notes=notes,
    )


def _ids(columns: Mapping[str, NDArray[Any]]) -> tuple[str, ...] | None:
    name = _found(columns, _IDS)
    if name is None:
        return None
    ids = tuple(str(value) for value in columns[name].reshape(-1).tolist())
    # A column without a name is the row numbers that pandas writes; they name no image.
    return None if name == "" and ids == tuple(str(row) for row in range(len(ids))) else ids


def _class_names(columns: Mapping[str, NDArray[Any]]) -> tuple[str, ...] | None:
    name = _found(columns, _CLASS_NAMES)
    return None if name is None else tuple(str(value) for value in columns[name].reshape(-1).tolist())


def _found(columns: Mapping[str, NDArray[Any]], names: Sequence[str]) -> str | None:
    lowered = {name.lower(): name for name in columns}
    return next((lowered[name] for name in names if name in lowered), None)
