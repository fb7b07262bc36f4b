"""What is said of exports holds the numbers, with sign and unit, and the page shows a row for each."""

import re
from dataclasses import replace

import pytest

from faces.parities import ONE, PACE, TWO
from lowres.faces import export_words
from lowres.faces.report.page import render_report


def plain(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_how_they_were_tried():
    said = plain(export_words.how_tried([ONE, TWO]))
    assert "shown 1,000 validation pictures" in said
    assert "below 97 % or 92 % it would not have been kept" in said
    assert "shown 200 to 1,000 validation pictures" in export_words.how_tried([ONE, replace(TWO, n=200)])


def test_how_they_were_timed():
    said = export_words.how_timed([ONE, TWO])
    assert "1 or 32 at once. On 2 processor cores, while 0.5 to 2.5 processes wanted one" in said
    assert "wanted one" not in export_words.how_timed([replace(ONE, pace=replace(PACE, load=None))])


@pytest.mark.parametrize(("gain", "said"), [(0.0012, "+0.1 pp"), (-0.004, "\N{MINUS SIGN}0.4 pp"), (-0.0001, "0.0 pp")])
def test_a_difference_has_its_sign_and_nought_has_none(gain, said):
    assert plain(export_words.signed_points(gain)) == said


@pytest.mark.parametrize(("found", "said"), [(12.34, "12.3 ms"), (0.0123, "0.012 ms"), (0.456, "0.46 ms")])
def test_short_times_keep_their_digits(found, said):
    assert plain(export_words.milliseconds(found)) == said


@pytest.mark.parametrize(("size", "said"), [(4_100, "4.1 kB"), (13_600_000, "13.6 MB")])
def test_sizes(size, said):
    assert plain(export_words.size(size)) == said


def test_the_page_has_a_row_for_each_and_without_exports_no_section(digits_data):
    page = render_report(replace(digits_data, exports=(ONE, TWO)))
    section = page.split('<section id="exports">')[1].split("</section>")[0]
    text = re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", section).replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " ")
    )
    assert (
        "openvino-f32 99.2 % 0.042 90.5 % 88.5 to 92.2 +0.1 pp \N{MINUS SIGN}0.5 to +0.7 13.6 MB 12.3 ms 81 / s" in text
    )
    assert "litert-int8" in text
    assert '<a href="#exports">' in page
    assert "exports" not in render_report(digits_data).split("</nav>")[0].split("<nav")[1]
