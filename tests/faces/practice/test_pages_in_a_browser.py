"""Flash cards and slides in a real Chromium: by keyboard, silent, offline, one page a slide on paper."""

import base64
import re

import pytest

from browser import browser_tab
from described_study import described_facts
from lowres.faces.practice.bank import practice_sections
from lowres.faces.practice.pages import questions_page
from lowres.faces.report.pdf import find_browser
from lowres.faces.slides.deck import deck
from lowres.faces.slides.page import slides_page

CURRENT = "document.querySelector('details.current')"
SHOWN = "[...document.querySelectorAll('.slide')].filter(slide => slide.offsetParent).map(slide => slide.ariaLabel)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    facts = described_facts()
    sections = practice_sections(facts)
    folder = tmp_path_factory.mktemp("pages")
    (folder / "cards.html").write_text(questions_page(facts, sections), encoding="utf-8")
    (folder / "slides.html").write_text(slides_page(facts, deck(facts, sections, ()), {}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def tab():
    program = find_browser()
    if program is None:
        pytest.skip("NOT TESTED: cards and slides in a browser; no Chromium here (Debian: apt install chromium)")
    with browser_tab(program) as tab:
        yield tab
        assert tab.said == []
        assert all(address.startswith("file:") for address in tab.asked_for)


def test_cards_by_keyboard(tab, pages):
    tab.open(pages / "cards.html")
    assert tab.value(f"{CURRENT}.id") == "q1.1"
    tab.press("ArrowRight")
    assert tab.value(f"{CURRENT}.id") == "q1.2"
    assert tab.value(f"document.activeElement === {CURRENT}.querySelector('summary')") is True
    assert tab.value(f"{CURRENT}.open") is False
    tab.press("Enter")
    assert tab.value(f"{CURRENT}.open") is True
    tab.press("ArrowLeft")
    tab.press("ArrowLeft")
    assert tab.value(f"{CURRENT}.id").startswith("qG.")
    assert tab.value("document.getElementById('where').textContent").split(" of ")[0] == tab.value(
        "document.querySelectorAll('details').length.toString()"
    )


def test_a_list_shows_all_of_them(tab, pages):
    tab.open(pages / "cards.html")
    tab.click("#list")
    assert tab.value("[...document.querySelectorAll('details')].every(card => card.offsetParent !== null)") is True


@pytest.mark.parametrize("page", ["cards.html", "slides.html"])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(tab, pages, page, dark):
    tab.open(pages / page, 360, 740, dark)
    assert tab.value("document.documentElement.scrollWidth") <= 360


def test_slides_by_keyboard_one_at_a_time(tab, pages):
    tab.open(pages / "slides.html", 1280, 800)
    assert tab.value(SHOWN) == ["Slide 1 of 14"]
    tab.press("ArrowRight")
    assert tab.value(SHOWN) == ["Slide 2 of 14"]
    tab.click("#notes")
    assert tab.value("getComputedStyle(document.querySelector('.current .notes')).display") == "block"


def test_no_slide_is_fuller_than_its_page(tab, pages):
    tab.open(pages / "slides.html", 1280, 720)
    for _ in range(14):
        assert tab.value("(slide => slide.scrollHeight - slide.clientHeight)(document.querySelector('.current'))") <= 1
        tab.press("ArrowRight")


def test_on_paper_a_page_is_a_slide(tab, pages):
    tab.open(pages / "slides.html", 1280, 800)
    printed = base64.b64decode(tab.do("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 14
