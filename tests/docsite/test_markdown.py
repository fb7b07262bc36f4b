"""Anchors and links of Markdown are those that Python-Markdown makes of it, and code is never taken for a link."""

import re

import pytest
from docsite.markdown import anchors, blocks, links, prose, table

import markdown

PAGE = """# Über `lowres study`: 94 % on CIFAR-10!

## The same

## The same

### A [link](other.md#there) & more_words

```sh
# no heading [none](nowhere.md)
```

Text with [a link](a.md), ![a picture](b.png "title"), `[code](c.md)` and <a href="d.md#x">html</a>.

[reference]: e.md
"""


def rendered(text: str) -> str:
    return markdown.markdown(text, extensions=["toc", "fenced_code", "tables"])


def test_anchors_are_those_of_python_markdown():
    assert anchors(PAGE) == set(re.findall(r'id="([^"]+)"', rendered(PAGE)))


def test_a_heading_may_name_its_own_anchor_and_objects_have_theirs():
    assert anchors("## Short {#long-way}\n\n::: lowres.Study\n") == {"long-way", "lowres.Study"}


def test_links_are_all_links_and_nothing_in_code():
    assert sorted(links(PAGE)) == ["a.md", "b.png", "d.md#x", "e.md", "other.md#there"]


@pytest.mark.parametrize(
    "words", ["a_b and c_d", "*no* emphasis", "1<=x<=2", "[required]", "a\\b", "a path\nover two lines", "`as_it*is`"]
)
def test_plain_words_are_shown_as_they_are(words):
    shown = re.sub(r"<[^>]+>", "", rendered(prose(words)))
    expected = " ".join(words.split()).replace("`", "").replace("<", "&lt;")
    assert shown == expected


def test_a_cell_keeps_its_bars():
    page = rendered(table(("One", "Two"), [["`a|b`", "c|d\ne"]]))
    assert re.findall(r"<td>(.*?)</td>", page) == ["<code>a|b</code>", "c|d e"]


def test_blocks_are_those_of_one_language():
    assert blocks("```sh\none\n```\n\n```bash\ntwo\n```\n\n```sh\nthree\n```\n", "sh") == ["one\n", "three\n"]
