"""Every link of the documents leads somewhere, and a link that does not is named with its page."""

import pytest
from docsite.links import all_broken_links, broken_links


def test_every_link_of_the_documents_leads_somewhere(repository):
    assert all_broken_links(repository) == []


GOOD = {"index.md": "# One\n\n[two](how/two.md#part)", "how/two.md": "# Two\n\n## Part\n\n[up](../index.md#one)"}


def test_links_between_pages_headings_files_and_other_sites_are_followed():
    more = {"three.md": "![](a/b.png) [there](https://example.org/x) [here](#title)\n\n# Title"}
    assert broken_links(GOOD | more, frozenset({"a/b.png"})) == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("gone.md", "there is no gone.md"),
        ("how/two.md#party", "how/two.md has no heading #party"),
        ("#nowhere", "page.md has no heading #nowhere"),
        ("/how/two.md", "expected a path relative to the page, or an address of another site"),
        ("pictures/b.png", "there is no pictures/b.png"),
    ],
)
def test_a_broken_link_is_named_with_its_page(link, problem):
    assert broken_links(GOOD | {"page.md": f"[x]({link})"}) == [f"page.md: {link}: {problem}"]
