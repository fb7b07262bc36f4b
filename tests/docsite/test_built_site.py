"""The built site is read as a browser reads it: dead links, missing anchors and other servers are named."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from docsite.built_site import site_problems

PAGE = '<html><link rel="stylesheet" href="{css}"><body><h1 id="top">x</h1><a href="{href}">y</a></body></html>'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "two").mkdir()
    (tmp_path / "site.css").write_text("body{}")
    (tmp_path / "two" / "index.html").write_text(PAGE.format(css="../site.css", href="../#top"))
    (tmp_path / "404.html").write_text(PAGE.format(css="/site.css", href="/two/"))
    return tmp_path


def with_index(site, css="site.css", href="two/#top"):
    (site / "index.html").write_text(PAGE.format(css=css, href=href))
    return site_problems(site)


def test_a_whole_site_has_no_problems(site):
    assert with_index(site) == []
    assert with_index(site, href="https://example.org/") == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"href": "three/"}, "index.html: three/: leads nowhere"),
        ({"href": "two/#bottom"}, "index.html: two/#bottom: there is no #bottom"),
        ({"css": "gone.css"}, "index.html: gone.css: leads nowhere"),
        (
            {"css": "https://fonts.example/x.css"},
            "index.html: fetches https://fonts.example/x.css from another server",
        ),
    ],
)
def test_what_is_wrong_is_named(site, wrong, problem):
    assert with_index(site, **wrong) == [problem]


def test_a_style_sheet_that_fetches_is_named(site):
    (site / "site.css").write_text("@font-face{src:url(https://fonts.example/x.woff)}")
    assert with_index(site) == ["site.css: fetches something from another server"]


def test_no_site_is_a_problem(tmp_path):
    assert site_problems(tmp_path) == [f"expected pages below {tmp_path}, got none"]


@pytest.mark.slow
@pytest.mark.skipif(
    not all(find_spec(name) for name in ("material", "mkdocs", "mkdocstrings")), reason="needs the extra docs"
)
def test_the_site_builds_without_a_warning_and_asks_no_other_server(repository, tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(words, cwd=repository, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert site_problems(tmp_path / "site") == []
    python = (tmp_path / "site" / "reference" / "python" / "index.html").read_text(encoding="utf-8")
    assert "Return the study's labelled images" in python
