"""history.csv holds both phases in one table that other programs can read, and every harm done to it is named."""

import csv
import io
import math

import pytest

from lowres.errors import StudyDamaged
from lowres.values.training.history import COLUMNS, EpochRow, history_from_csv, history_to_csv

ROWS = (
    EpochRow("frozen", None, "linear 0.01, with mirrored images", None, 0.5, 0.875, 0.6, 0.8125, 1.25),
    EpochRow("frozen", 1, "dense", 0.001, 2.302585092994046, 0.1, 2.3, 0.125, 3.0, is_kept=True),
    EpochRow("fine-tuning", 12, "", 5e-05, 1 / 3, 0.9, 0.25, 0.95, 60.125, is_kept=True),
)
BY_HAND = """\
phase,epoch,head,learning_rate,loss,accuracy,validation_loss,validation_accuracy,seconds,is_kept
frozen,,"linear 0.01, with mirrored images",,0.5,0.875,0.6,0.8125,1.25,false
frozen,1,dense,0.001,2.302585092994046,0.1,2.3,0.125,3.0,true
fine-tuning,12,,5e-05,0.3333333333333333,0.9,0.25,0.95,60.125,true
"""


def test_the_table_is_the_one_written_by_hand():
    assert history_to_csv(ROWS) == BY_HAND
    assert history_from_csv(BY_HAND, "history.csv") == ROWS


def test_other_programs_read_it():
    rows = list(csv.DictReader(io.StringIO(history_to_csv(ROWS))))
    assert [row["phase"] for row in rows] == ["frozen", "frozen", "fine-tuning"]
    assert float(rows[1]["loss"]) == math.log(10)
    assert [row["epoch"] for row in rows] == ["", "1", "12"]


def test_a_training_that_burst_is_told_as_it_was():
    burst = EpochRow("frozen", 2, "dense", 0.001, math.nan, 0.1, math.inf, 0.1, 1.0)
    (read,) = history_from_csv(history_to_csv([burst]), "history.csv")
    assert math.isnan(read.loss)
    assert read.validation_loss == math.inf


def test_nothing_yet_is_a_line_of_names():
    assert history_to_csv([]) == ",".join(COLUMNS) + "\n"
    assert history_from_csv(history_to_csv([]), "history.csv") == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r"the columns phase, .*is_kept in a\.csv, got nothing; try: delete that file"),
        ("phase,epoch\n", r"in a\.csv, got phase, epoch;"),
        (BY_HAND.replace(",0.6,", ","), r"expected 10 cells, got 9 in line 2 of a\.csv; try: delete"),
        (
            BY_HAND.replace("frozen,1", "thawed,1"),
            r"or fine-tuning or student as phase, got 'thawed' in line 3",
        ),
        (BY_HAND.replace(",12,", ",0,"), r"a whole number from 1, or nothing, as epoch, got '0' in line 4 of a\.csv"),
        (BY_HAND.replace(",12,", ",1.5,"), r"as epoch, got '1\.5' in line 4"),
        (BY_HAND.replace("5e-05", "slow"), r"a number or nothing as learning_rate, got 'slow' in line 4"),
        (BY_HAND.replace(",0.6,", ",,"), r"expected a number as validation_loss, got '' in line 2"),
        (BY_HAND.replace("60.125,true", "60.125,yes"), r"true or false as is_kept, got 'yes' in line 4"),
    ],
)
def test_harm_is_named_with_its_line(text, complaint):
    with pytest.raises(StudyDamaged, match=complaint):
        history_from_csv(text, "a.csv")
