"""The page in a real Chromium: silent, offline, sortable, its galleries open and close by mouse and keyboard."""

import pytest

from browser import browser_tab
from lowres.faces.report.page import render_report
from lowres.faces.report.pdf import find_browser, print_pdf

CELL = "a[href='#{}']"
OPEN = "document.getElementById('viewer').open"
ROWS = "[...document.querySelectorAll('.scores tbody tr')]"
SORTED = ROWS + ".map(row => row.cells[{0}].dataset.v ?? row.cells[{0}].textContent)"


@pytest.fixture(scope="module")
def program():
    found = find_browser()
    if found is None:
        pytest.skip("NOT TESTED: the report in a browser; no Chromium here (Debian: apt install chromium)")
    return found


@pytest.fixture(scope="module")
def page(tuned_data, digits_drawings, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render_report(tuned_data, digits_drawings), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def chromium(program):
    with browser_tab(program) as tab:
        yield tab


@pytest.fixture
def tab(chromium, page):
    """The page freshly opened, which must have nothing to complain of, before and after."""
    chromium.said.clear()
    chromium.asked_for.clear()
    chromium.open(page)
    yield chromium
    assert chromium.said == []
    assert chromium.asked_for == [page.resolve().as_uri()]


@pytest.fixture
def worst(tuned_data):
    """The cell of the commonest mistake: its anchor, and its count."""
    pair, names = tuned_data.evaluation.confusion_pairs[0], tuned_data.images.class_names
    return f"cell-{names.index(pair.true)}-{names.index(pair.predicted)}", pair.count


def test_columns_sort_by_their_numbers_both_ways_and_by_name(tab):
    recall = SORTED.format(2)
    tab.click(".scores thead th:nth-child(3) button")
    shown = [float(value) for value in tab.value(recall)]
    assert shown == sorted(shown, reverse=True)
    assert tab.value("document.querySelector('.scores th:nth-child(3)').ariaSort") == "descending"
    tab.click(".scores thead th:nth-child(3) button")
    assert [float(value) for value in tab.value(recall)] == sorted(shown)
    tab.click(".scores thead th:nth-child(1) button")
    names = tab.value(SORTED.format(0))
    assert names == sorted(names)
    assert tab.value("document.querySelectorAll('.scores [aria-sort]').length") == 1


def test_a_table_is_sorted_by_keyboard(tab):
    tab.value("document.querySelector('.scores thead th:nth-child(5) button').focus()")
    tab.press("Enter")
    shown = [float(value) for value in tab.value(SORTED.format(4))]
    assert shown == sorted(shown, reverse=True)


def test_a_cell_opens_its_pictures_and_closes_by_mouse(tab, worst):
    name, count = worst
    assert not tab.value(OPEN)
    tab.click(CELL.format(name))
    assert tab.value(OPEN)
    assert tab.value(f"document.querySelector('#viewer #{name}') !== null")
    assert tab.value("document.querySelectorAll('#viewer figure').length") == min(count, 12)
    assert tab.value("document.getElementById('viewer').getAttribute('aria-labelledby')") == "viewer-heading"
    assert f": {count} of" in tab.value("document.getElementById('viewer-heading').textContent")
    tab.click("#viewer [data-close]")
    assert not tab.value(OPEN)
    assert tab.value(f"document.querySelector('.cells #{name}') !== null")


def test_a_cell_opens_turns_and_closes_by_keyboard(tab, worst):
    name, _ = worst
    tab.value(f'document.querySelector("{CELL.format(name)}").focus()')
    tab.press("Enter")
    assert tab.value(OPEN)
    assert tab.value("document.getElementById('viewer').contains(document.activeElement)")
    first = tab.value("document.getElementById('viewer-heading').textContent")
    tab.press("ArrowRight")
    assert tab.value("document.getElementById('viewer-heading').textContent") != first
    tab.press("ArrowLeft")
    assert tab.value("document.getElementById('viewer-heading').textContent") == first
    tab.press("Escape")
    assert not tab.value(OPEN)
    # Whoever closes it is back where they were.
    assert tab.value("document.activeElement.hash") == f"#{name}"


def test_arrow_keys_walk_over_the_matrix(tab):
    tab.value("document.querySelector(\"a[href='#cell-0-0']\").focus()")
    for _ in range(3):
        tab.press("ArrowDown")
        tab.press("ArrowRight")
    row, column = map(int, tab.value("document.activeElement.hash").split("-")[1:])
    assert row > 0
    assert column > 0


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 768, 1200])
def test_no_width_scrolls_sideways(tab, width, dark):
    tab.look(width, dark=dark)
    assert tab.value("document.documentElement.scrollWidth") <= width
    wider = tab.value(
        "[...document.querySelectorAll('.scroll')].filter(box => box.offsetParent && box.scrollWidth > box.clientWidth)"
        ".map(box => box.getAttribute('aria-label'))"
    )
    assert wider == []


def test_dark_is_dark(tab):
    shown = {}
    for dark in (False, True):
        tab.look(1200, dark=dark)
        ground = tab.value("getComputedStyle(document.body).backgroundColor")
        shown[dark] = sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(",")))
    assert shown[True] < 150 < 600 < shown[False]


def test_without_its_script_all_is_there(chromium, page, worst):
    name, _ = worst
    chromium.do("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chromium.open(page)
        # The inspector may still ask: the pictures of a cell lie in the page, and its link leads to them.
        chromium.click(f"a[href='#{name}']")
        chromium.wait_for(f"document.getElementById('{name}').getBoundingClientRect().height > 100")
    finally:
        chromium.do("Emulation.setScriptExecutionDisabled", value=False)


def test_it_prints_a_pdf(program, page, tmp_path):
    print_pdf(page, tmp_path / "report.pdf", program)
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 50_000
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]
