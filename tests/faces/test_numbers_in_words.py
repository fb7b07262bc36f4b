"""Numbers are rounded for people, and never to a certainty that was not measured."""

import pytest

from lowres.faces.numbers_in_words import count, duration, listed, of_hundred, percent, points


def plain(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("fraction", "digits", "words"),
    [
        (0.9012, 1, "90.1 %"),
        (1.0, 1, "100.0 %"),
        (0.0, 0, "0 %"),
        (0.9996, 1, ">99.9 %"),
        (0.996, 0, ">99 %"),
        (0.0004, 1, "<0.1 %"),
        (0.004, 0, "<1 %"),
        (0.99996, 2, ">99.99 %"),
        (0.5, 0, "50 %"),
    ],
)
def test_percent(fraction, digits, words):
    assert plain(percent(fraction, digits)) == words


def test_points_have_no_sign():
    assert plain(points(-0.161)) == "16.1 points"


def test_one_is_singular():
    assert plain(count(1, "picture")) == "1 picture"
    assert plain(count(12000, "picture")) == "12,000 pictures"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.44, "0.4 s"),
        (9.96, "10.0 s"),
        (42.4, "42 s"),
        (132, "2 min 12 s"),
        (3599.6, "1 h 0 min"),
        (7380, "2 h 3 min"),
    ],
)
def test_duration(seconds, words):
    assert plain(duration(seconds)) == words


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((0.713, 0.883), "between 71 and 88 of 100"),
        ((0.8951, 0.9068), "between 89.5 and 90.7 of 100"),
        ((0.90123, 0.90218), "between 90.12 and 90.22 of 100"),
    ],
)
def test_an_interval_keeps_its_two_ends_apart(interval, words):
    assert of_hundred(interval) == words


@pytest.mark.parametrize(
    ("names", "last", "words"),
    [(("a",), "or", "a"), (("a", "b"), "or", "a or b"), (["a", "b", "c"], "and", "a, b and c")],
)
def test_names_are_listed_as_a_sentence_has_them(names, last, words):
    assert listed(names, last) == words
