"""The contents name every page once, and documents that name each other in code are linked."""

import pytest
from docsite.links import site_pages
from docsite.written_pages import contents, with_links, written_pages


def pages_of(nav):
    if isinstance(nav, str):
        return [nav]
    children = nav.values() if isinstance(nav, dict) else nav
    return [page for child in children for page in pages_of(child)]


def test_the_contents_name_every_page_once(repository):
    assert sorted(pages_of(contents(repository, written_pages(repository)))) == sorted(site_pages(repository))


@pytest.mark.parametrize(
    ("page", "linked"),
    [
        ("architecture.md", "see [`docs/log.md`](log.md)."),
        ("decisions/0001.md", "see [`docs/log.md`](../log.md)."),
        ("log.md", "see `docs/log.md`."),
    ],
)
def test_a_document_that_is_named_is_linked(page, linked):
    assert with_links("see `docs/log.md`.", page, frozenset({"log.md"})) == linked


def test_what_is_no_page_or_a_link_already_stays():
    text = "`docs/other.md`, [`docs/log.md`](log.md), ``docs/log.md``"
    assert with_links(text, "index.md", frozenset({"log.md"})) == text
