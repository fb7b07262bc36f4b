"""Printing says what is missing and what to do, and leaves no half file behind."""

import os
import stat

import pytest

from lowres.errors import MissingDependency
from lowres.faces.report import pdf as report_pdf
from lowres.faces.report.pdf import find_browser, print_pdf


@pytest.fixture
def page(tmp_path):
    (tmp_path / "report.html").write_text("<p>a page")
    return tmp_path / "report.html"


def program(folder, text):
    """A program of our own in place of a browser."""
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_machine_without_a_browser_is_told_what_to_install(page, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(report_pdf, "PLACES", ())
    assert find_browser() is None
    with pytest.raises(
        MissingDependency, match=r"expected Chromium, .* found none; install one .*apt install chromium"
    ):
        print_pdf(page, page.with_suffix(".pdf"))


def test_the_first_browser_on_the_path_is_taken(tmp_path, monkeypatch):
    found = program(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_browser() == str(found)


def test_what_the_browser_prints_is_put_in_its_place(page, tmp_path, monkeypatch):
    script = (
        'for word; do case "$word" in --print-to-pdf=*) echo "$word" > "${word#--print-to-pdf=}";; esac; '
        'last="$word"; done'
    )
    folder = tmp_path / "bin"
    folder.mkdir()
    print_pdf(page, tmp_path / "out.pdf", str(program(folder, f'{script}; echo "$last" > {tmp_path}/last')))
    assert (tmp_path / "out.pdf").read_text().startswith("--print-to-pdf=")
    assert (tmp_path / "last").read_text().strip() == page.resolve().as_uri()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo broken >&2; exit 7", r"got exit code 7 \(broken\); open the page in a browser"),
        ("exit 0", "got no file"),
    ],
)
def test_a_browser_that_fails_is_named_and_leaves_nothing(page, tmp_path, script, words):
    (tmp_path / "bin").mkdir()
    with pytest.raises(MissingDependency, match=words):
        print_pdf(page, tmp_path / "out.pdf", str(program(tmp_path / "bin", script)))
    assert sorted(os.listdir(tmp_path)) == ["bin", "report.html"]


def test_only_root_starts_it_without_its_sandbox(monkeypatch):
    for user, expected in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert ("--no-sandbox" in report_pdf.browser_words("/tmp/x")) == expected
