"""The curve in the terminal rises where the values rise, and never leaves its room."""

import pytest

from lowres.cli.text_curve import ROWS, text_curve


def heights(lines):
    """How many eighths each column of a drawn curve is filled."""
    rows = [line.split("│", 1)[1] if "│" in line else "" for line in lines[1:]]
    width = max(map(len, rows))
    return [
        sum(" ▁▂▃▄▅▆▇█".index(row[column]) for row in (row.ljust(width) for row in rows)) for column in range(width)
    ]


def test_bars_are_as_high_as_their_values():
    lines = text_curve("validation accuracy", (0.5, 0.6, 0.9), 80)
    # From 0.15 of the span below the lowest: 0.44 to 0.9 is 40 eighths.
    assert heights(lines) == [5] * 4 + [14] * 4 + [40] * 4
    assert lines[0] == "validation accuracy by epoch: now 90.0 %, best 90.0 % (epoch 3)"
    assert lines[1].startswith(" 90.0 % │")
    assert lines[ROWS].startswith(" 44.0 % │")


def test_the_best_epoch_is_named_though_it_is_not_the_last():
    assert "now 80.0 %, best 85.0 % (epoch 2)" in text_curve("accuracy", (0.7, 0.85, 0.8), 60)[0]


def test_what_barely_moves_looks_it():
    first, second = heights(text_curve("accuracy", (0.9000, 0.9001), 60))[::4]
    assert abs(first - second) <= 1


@pytest.mark.parametrize("values", [(0.5,), (1.0, 1.0), (0.0, 0.0), tuple(place / 500 for place in range(500))])
@pytest.mark.parametrize("columns", [20, 40, 200])
def test_it_stays_in_its_room(values, columns):
    lines = text_curve("accuracy", values, columns)
    assert len(lines) == ROWS + 1
    assert all(len(line) <= columns for line in lines)


def test_many_epochs_are_drawn_by_the_mean_of_neighbours():
    drawn = heights(text_curve("accuracy", [0.2, 0.4] * 50 + [0.8, 1.0] * 50, 29))
    assert len(drawn) == 20
    assert drawn == sorted(drawn)
    assert drawn[0] < drawn[-1]
