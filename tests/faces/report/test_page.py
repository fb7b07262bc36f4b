"""The page is whole, safe and true: it parses, no class name breaks out of it, and its numbers are the study's."""

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from lowres.faces.report.page import render_report
from lowres.faces.report.study_figures import study_figures
from lowres.values.findings import Finding
from lowres.values.judging.validation_choices import ValidationChoice

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
EVIL = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }} & co", "a 'quoted' class")
SECTIONS = ("plain", "data", "good", "fails", "looks", "made", "limits", "cost", "again", "terms")
URI = re.compile(r"data:image/(png|jpeg);base64,([A-Za-z0-9+/=]+)")


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and the text one sees."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.pieces, self.crooked = [], [], [], []
        self.feed(html)
        self.close()
        self.text = re.sub(r"\s+", " ", " ".join(self.pieces))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.crooked.append(tag)

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["title"], ["script"]):
            self.pieces.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def digits_page(digits_data, digits_drawings):
    return Page(render_report(digits_data, digits_drawings))


def test_every_element_that_opens_closes_in_order(digits_page):
    assert digits_page.crooked == []
    assert digits_page.open == []


def test_every_picture_is_inside_with_its_size_and_its_words(digits_page, pixels_of):
    pictures = digits_page.of("img")
    assert len(pictures) > 80
    for picture in pictures:
        decoded = pixels_of(base64.b64decode(URI.fullmatch(picture["src"])[2], validate=True))
        assert decoded.shape[:2] == (int(picture["height"]), int(picture["width"]))
        assert len(picture["alt"]) > 5


def pairs_of(page):
    """The pictures that stand beside themselves under a heat map: the picture, the heat, the words."""
    pairs = [attributes for tag, attributes in page.elements if "two" in attributes.get("class", "").split()]
    return [([found[2] for found in URI.finditer(pair["style"])], pair["aria-label"]) for pair in pairs]


def test_a_heat_map_lies_over_its_own_picture(digits_data, digits_page, pixels_of):
    pairs, row_of = pairs_of(digits_page), {id: row for row, id in enumerate(digits_data.images.ids)}
    assert len(pairs) >= len(digits_data.explanation)
    for (picture, heat), words in pairs:
        id = re.match(r"Picture (digit \d+): a ", words)[1]
        np.testing.assert_array_equal(pixels_of(base64.b64decode(picture)), digits_data.images.pixels[row_of[id]])
        raw = digits_data.explanation.maps[digits_data.explanation.ids.index(id)]
        with Image.open(io.BytesIO(base64.b64decode(heat))) as found:
            strength = np.asarray(found.convert("RGBA"))[..., 3].astype(int)
        # Four fields of the page's map to one of the raw one; the hottest is covered most, but for the rounding.
        assert strength.shape == (28, 28)
        row, column = np.unravel_index(raw.argmax(), raw.shape)
        hottest = strength[4 * row : 4 * row + 4, 4 * column : 4 * column + 4].max()
        assert hottest >= strength.max() - 4


def test_nothing_is_fetched_and_only_its_own_script_runs(digits_data, digits_drawings, digits_page):
    assert not {"link", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in digits_page.elements}
    assert digits_page.of("script") == [{}]
    for _, attributes in digits_page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("href", "#").startswith("#")
    style = render_style(digits_page)
    assert style.count("url(") == style.count("url(data:image/png;base64,")
    html = render_report(digits_data, digits_drawings)
    assert html.count("url(") == style.count("url(")
    assert "@import" not in html
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
    sha256 = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(meta["content"] for meta in digits_page.of("meta") if "http-equiv" in meta)
    assert policy == (f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{sha256}'")


def render_style(page):
    return " ".join(attributes.get("style", "") for _, attributes in page.elements)


def test_every_cell_of_the_matrix_is_there_and_opens_its_own_pictures(digits_data, digits_page):
    counts, names = digits_data.evaluation.confusion, digits_data.images.class_names
    links = {link["href"][1:]: link["aria-label"] for link in digits_page.of("a") if "data-cell" in link}
    assert len(links) == np.count_nonzero(counts)
    galleries = {attributes["id"] for attributes in digits_page.of("section") if attributes.get("class") == "cell"}
    assert set(links) == galleries
    for row, true in enumerate(names):
        for column, predicted in enumerate(names):
            if counts[row, column]:
                called = "and called so" if row == column else f"called {predicted}"
                words = f"{true}, {called}: {counts[row, column]} of {counts[row].sum()}"
                assert links[f"cell-{row}-{column}"] == f"{words}; show pictures"
                assert words in digits_page.text


def test_links_lead_to_sections_and_headings_are_in_order(digits_page):
    ids = [attributes["id"] for _, attributes in digits_page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [id for id in ids if "-" not in id and id != "viewer"] == list(SECTIONS)
    assert {link["href"][1:] for link in digits_page.of("a") if "data-cell" not in link} == set(SECTIONS)
    levels = [int(tag[1]) for tag, _ in digits_page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_table_headers_say_what_they_head(digits_page):
    headers = digits_page.of("th")
    assert len(headers) > 30
    assert {attributes.get("scope") for attributes in headers} == {"row", "col"}
    assert len([table for table in digits_page.of("table") if "sortable" in table.get("class", "")]) >= 3
    assert digits_page.of("html")[0]["lang"] == "en"


def test_the_numbers_are_the_studys(digits_data, digits_page):
    labels, predicted = digits_data.predictions.labels, digits_data.predictions.logits.argmax(axis=1)
    text, n = digits_page.text.replace("\N{NO-BREAK SPACE}", " "), len(labels)
    accuracy = accuracy_score(labels, predicted)
    assert f"It names {100 * accuracy:.1f} % of {n} test pictures correctly" in text
    low, high = digits_data.evaluation.accuracy_interval
    assert f"interval {100 * low:.1f} % to {100 * high:.1f} %" in text
    scores = precision_recall_fscore_support(labels, predicted)
    for name, precision, recall, f1, support in zip(digits_data.images.class_names, *scores, strict=True):
        row = rf"{name} {support} {100 * recall:.1f} % {100 * precision:.1f} % {f1:.3f}"
        assert re.search(row, text), row
    for part in ("train", "validation", "test"):
        assert f"{part} {len(digits_data.split.part(part))} " in text
    assert f"made {int((labels != predicted).sum())} mistakes" in text
    assert digits_data.images.fingerprint[:12] in text
    assert f"Temperature {digits_data.evaluation.temperature:.3f}" in text
    assert "2 min 12 s of computing on 2 processor cores of A processor" in text
    assert "linear 91.50 % chosen lda 88.50 %" in text
    assert "0123456789abcdef" * 4 in text


def test_every_field_of_the_recipe_is_told(digits_data, digits_page):
    assert "head.regularisations 0.001, 0.003 L2 strengths" in digits_page.text
    assert "split.pool_images left open" in digits_page.text
    assert "network.backbone efficientnet-lite0 Trunk, by name" in digits_page.text


def test_pictures_that_were_not_used_are_not_claimed(digits_data):
    split = replace(digits_data.split, train=digits_data.split.train[:100])
    rest = 900 - len(digits_data.split.train) + 100
    assert (
        f"in 10 classes, from the installed package. {rest} of them were divided"
        in Page(render_report(replace(digits_data, split=split))).text
    )
    assert "They were divided" in Page(render_report(digits_data)).text


def test_findings_come_gravest_first(digits_page):
    assert digits_page.text.index("copies : two copies remove one") < digits_page.text.index("balance : much alike")


def test_both_directions_of_a_confusion_show_pictures(digits_data, digits_page):
    pair = digits_data.evaluation.confusion_pairs[0]
    said = f": a {pair.true}, called {pair.predicted}"
    assert sum(picture["alt"].endswith(said) for picture in digits_page.of("img")) >= min(pair.count, 6)
    assert f"{pair.true} taken for {pair.predicted}: {pair.count} of" in digits_page.text


def test_heat_maps_are_in_two_parts_with_their_real_resolution(digits_data, digits_page):
    right = int(sum(case in right_ids(digits_data) for case in digits_data.explanation.ids))
    assert f"When it was right ({right} shown)" in digits_page.text
    assert f"When it was wrong ({12 - right} shown)" in digits_page.text
    assert "only 7 x 7 fields, each covering about 1.1 x 1.1 pixels" in digits_page.text


def right_ids(data):
    return {id for id, is_right in zip(data.predictions.ids, data.predictions.is_right, strict=True) if is_right}


def test_a_class_name_cannot_break_out(made_data):
    data = made_data(EVIL)
    page = Page(render_report(replace(data, name=EVIL[0], command=EVIL[1], origin=EVIL[2]), study_figures(data)))
    assert page.crooked == []
    assert page.open == []
    assert page.of("script") == [{}]
    assert all(set(picture) == {"src", "alt", "width", "height", "class"} for picture in page.of("img"))
    for name in EVIL:
        assert name in page.text


def test_the_least_there_can_be_makes_a_page(without_extras):
    page = Page(render_report(without_extras))
    assert page.crooked == []
    assert {link["href"][1:] for link in page.of("a") if "data-cell" not in link} == set(SECTIONS) - {"looks"}
    assert pairs_of(page) == []
    assert "with their heat maps" not in page.text
    assert "None" not in page.text
    assert "Asked about each picture" not in page.text
    assert "fitted on" not in page.text


def test_all_that_validation_chose_is_a_table(digits_data, digits_drawings):
    choices = (
        ValidationChoice("head", "lda", 3, "highest validation accuracy"),
        ValidationChoice("temperature", "1.5", None, "lowest negative log-likelihood"),
    )
    text = Page(render_report(replace(digits_data, choices=choices), digits_drawings)).text
    assert "validation pictures were asked for 2 choices" in text
    assert "Choice Chosen By head lda; one of 3 highest validation accuracy temperature 1.5 lowest" in text


def test_a_frozen_study_does_not_speak_of_fine_tuning(digits_page):
    assert "Nothing of a-trunk was trained" in digits_page.text
    assert "Fine-tuning" not in digits_page.text
    assert "SHA-256 of the weights 0123" in digits_page.text
    assert "What training made of the pictures" not in digits_page.text
    assert "What was checked before training" not in digits_page.text


def test_the_training_is_told_with_its_figures(tuned_data):
    page = Page(render_report(tuned_data, study_figures(tuned_data)))
    assert page.crooked == []
    text = page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "fine-tuning trained the trunk from blocks_5 up" in text
    assert "It named 90.3 % of the training pictures, changed as it saw them," in text
    assert "saw each of them in 4 versions: mirrored at random, shifted by up to 1 px." in text
    assert "SHA-256 of the weights it began with 0123" in text
    assert "Fine-tuning gained" in text
    charts = [chart["aria-label"] for chart in page.of("svg")]
    assert any(words.startswith("Accuracy by epoch. validation accuracy went from 0.900 to 0.930") for words in charts)
    views = [picture for picture in page.of("img") if picture["alt"].startswith("The same picture as training saw it")]
    assert len(views) == 6 * 4


def test_what_preflight_found_is_told_and_a_fault_on_top(digits_data):
    found = (Finding("first loss", "PASS", "2.31"), Finding("input range", "FAIL", "0 to 0.004", "scale once"))
    page = Page(render_report(replace(digits_data, preflight=found)))
    assert page.crooked == []
    assert page.text.index("trained in spite of that: input range.") < page.text.index("What was the data?")
    assert "input range : 0 to 0.004 scale once" in page.text
    assert page.text.replace("\N{NO-BREAK SPACE}", " ").index("1 check passed") < page.text.index("first loss : 2.31")
    passed = Page(render_report(replace(digits_data, preflight=found[:1]))).text
    assert "in spite of" not in passed


def test_a_study_without_a_mistake_says_so(made_data):
    data = made_data(("a", "b", "c"), strength=60.0)
    page = Page(render_report(data, study_figures(data)))
    assert "It made no mistake on 9" in page.text
    assert {link["href"] for link in page.of("a") if "data-cell" in link} == {"#cell-0-0", "#cell-1-1", "#cell-2-2"}
    assert "When it was wrong" not in page.text


def test_a_hundred_classes_of_large_pictures_stay_a_page(made_data):
    names = [f"class {number} with quite a long name to it" for number in range(100)]
    data = made_data(names, per_class=8, height=300, width=200, strength=3.0)
    html = render_report(data, study_figures(data))
    assert len(html) < 3_000_000
    page = Page(html)
    assert "All 100 classes as a table" in page.text
    assert "The first 60 of 100 classes" in page.text
    assert "Confusion matrix" not in page.text


def test_the_same_study_gives_the_same_page(digits_data):
    assert render_report(digits_data) == render_report(digits_data)
