"""The matrix in the page has every count, and no more pictures than the page can hold."""

import numpy as np
import pytest

from lowres.faces.report.cases import CaseBook
from lowres.faces.report.page import render_report
from lowres.faces.report.page_matrix import MOST_IN_A_CELL, MOST_PICTURES, page_matrix

SIX_MEGABYTES = 6_000_000


@pytest.fixture
def matrix(digits_data):
    book = CaseBook(digits_data.images, digits_data.predictions, 1.0, digits_data.explanation)
    return page_matrix(book, digits_data.evaluation)


def test_counts_and_supports_are_the_confusion_matrix(digits_data, matrix):
    counts = digits_data.evaluation.confusion
    np.testing.assert_array_equal([[cell.count for cell in row] for row in matrix.rows], counts)
    np.testing.assert_array_equal([row[0].support for row in matrix.rows], counts.sum(axis=1))
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert matrix.rows[2][2].shade == pytest.approx(np.sqrt(shares[2, 2]))
    mistakes = shares - np.diag(np.diag(shares))
    row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
    assert matrix.rows[row][column].shade == 1
    assert matrix.rows[2][8].shade == pytest.approx(np.sqrt(mistakes[2, 8] / mistakes.max()))


def test_a_cell_shows_its_own_images_those_with_a_heat_map_first(digits_data, matrix):
    names = digits_data.images.class_names
    for cell in matrix.galleries:
        assert {(case.true, case.predicted) for case in cell.cases} == {(cell.true, cell.predicted)}
        assert len(cell.cases) == min(cell.count, 8 if cell.is_right else MOST_IN_A_CELL)
        order = [(case.heat is None, -case.confidence) for case in cell.cases]
        assert order == sorted(order)
        assert cell.name == f"cell-{names.index(cell.true)}-{names.index(cell.predicted)}"


def test_galleries_begin_with_the_commonest_mistake_and_end_with_the_diagonal(matrix):
    kinds = [cell.is_right for cell in matrix.galleries]
    assert kinds == sorted(kinds)
    mistakes = [cell.count for cell in matrix.galleries if not cell.is_right]
    assert mistakes == sorted(mistakes, reverse=True)


def test_of_many_mistakes_fewer_a_cell_are_shown_and_the_page_stays_small(made_data):
    data = made_data([f"class {number}" for number in range(10)], per_class=1500, height=32, width=32, strength=1.0)
    matrix = page_matrix(CaseBook(data.images, data.predictions, 1.0), data.evaluation)
    shown = sum(len(cell.cases) for cell in matrix.galleries)
    assert MOST_PICTURES - 90 <= shown <= MOST_PICTURES
    # Noise does not compress, so no photograph of this size takes more; each may have a heat map of 1.5 kB on it.
    assert len(render_report(data)) + 1_500 * MOST_PICTURES < SIX_MEGABYTES


def test_too_many_classes_are_no_table(made_data):
    data = made_data([f"class {number}" for number in range(31)], per_class=15)
    assert page_matrix(CaseBook(data.images, data.predictions, 1.0), data.evaluation) is None
