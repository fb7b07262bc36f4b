"""The server's page in a real Chromium: every way in, the answer, its heat map, doubt, errors, the token, a phone."""

import base64
import json
import re

import numpy as np
import pytest

from browser import browser_tab
from faces.serving.running import Running
from faces.serving.served import HEAT, expected, model, png
from lowres.faces.report.pdf import find_browser
from lowres.faces.serving.served_model import HeatMap

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
TEXT = "document.getElementById('{}').textContent"
HIDDEN = "document.getElementById('{}').hidden"
HEAT_SHOWN = (
    "['seen', 'overlay'].every(id => !document.getElementById(id).hidden && document.getElementById(id).naturalWidth)"
)
RED = np.full((30, 40, 3), (250, 10, 10), np.uint8)
GREY = np.full((30, 40, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def program():
    found = find_browser()
    if found is None:
        pytest.skip("NOT TESTED: the server's page in a browser; no Chromium here (Debian: apt install chromium)")
    return found


@pytest.fixture(scope="module")
def server():
    running = Running(model(), model("blind", explain=None))
    yield running
    running.end()


@pytest.fixture(scope="module")
def chromium(program):
    with browser_tab(program, *CAMERA) as tab:
        yield tab


@pytest.fixture
def tab(chromium, server):
    """The page freshly opened; by the end it must have asked this server and nobody else."""
    chromium.said.clear()
    chromium.asked_for.clear()
    chromium.visit(f"{server.url}/")
    chromium.wait_for(TEXT.format("classes"))
    yield chromium
    assert [url for url in chromium.asked_for if not url.startswith((server.url, f"blob:{server.url}"))] == []


@pytest.fixture
def picture(tmp_path):
    """Write a picture; return its file."""

    def write(pixels):
        (tmp_path / "picture.png").write_bytes(png(pixels))
        return tmp_path / "picture.png"

    return write


def text(tab, id):
    return tab.value(TEXT.format(id))


def test_a_chosen_picture_is_answered_and_explained(tab, picture):
    tab.choose("#file", picture(RED))
    tab.wait_for(HEAT_SHOWN)
    sure = f"{100 * expected(RED[None])[0, 0]:.1f} %"
    assert text(tab, "answer") == f"red {sure}"
    rows = tab.value("[...document.querySelectorAll('#top tr')].map(row => row.textContent)")
    assert [row.split()[0].rstrip("0123456789.<>") for row in rows] == ["red", "green", "blue"]
    assert tab.value(HIDDEN.format("review"))
    confusions = tab.value("[...document.querySelectorAll('#confusions li')].map(row => row.textContent)")
    assert confusions == ["4 were “blue”", "1 was “green”"]
    assert "Of 50 that it called “red”" in text(tab, "confused-words")
    assert text(tab, "version") == "Answered by colours, version 3."
    # Its last field is the hottest: below, to the right.
    assert np.unravel_index(HEAT.argmax(), HEAT.shape) == (1, 2)
    assert "at the bottom right" in tab.value("document.getElementById('overlay').alt")
    assert text(tab, "told").startswith(f"The answer is red, {sure}. What spoke for it most is")
    # It says that it asked for this answer before, so that one picture is one record.
    (explained,) = [url for url in tab.asked_for if "/explain?" in url]
    assert re.search(r"[?&]answer=[0-9a-f]{16}$", explained)
    assert tab.said == []


def test_an_unsure_answer_is_for_a_person(tab, picture):
    tab.choose("#file", picture(GREY))
    tab.wait_for(f"!{HIDDEN.format('review')}")
    assert text(tab, "review") == "Ask a personIt is 33.3 % sure; below 90.0 % it does not vouch for its answer."
    assert "Ask a person." in text(tab, "told")


def test_what_is_no_picture_is_told_and_forgotten_with_the_next(tab, picture, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    tab.choose("#file", picture(RED))
    tab.wait_for(HEAT_SHOWN)
    tab.choose("#file", tmp_path / "bad.png")
    tab.wait_for(TEXT.format("problem"))
    assert text(tab, "problem") == "This file cannot be read as a picture. Try a JPEG or a PNG."
    assert tab.value(HIDDEN.format("result"))
    assert tab.value("document.getElementById('problem').getAttribute('role')") == "alert"
    (tmp_path / "words.txt").write_text("words")
    tab.choose("#file", tmp_path / "words.txt")
    tab.wait_for(f"{TEXT.format('problem')}.startsWith('This is no picture')")
    tab.choose("#file", picture(RED))
    tab.wait_for(HEAT_SHOWN)
    assert text(tab, "problem") == ""


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped(tab, kind):
    content = base64.b64encode(png(RED)).decode()
    data = {"paste": "clipboardData", "drop": "dataTransfer"}[kind]
    event = {"paste": "ClipboardEvent", "drop": "DragEvent"}[kind]
    tab.value(
        f"(() => {{const data = new DataTransfer(), bytes = Uint8Array.from(atob('{content}'), c => c.charCodeAt(0));"
        "data.items.add(new File([bytes], 'a.png', {type: 'image/png'}));"
        f"document.dispatchEvent(new {event}('{kind}', {{{data}: data, bubbles: true, cancelable: true}}))}})()"
    )
    tab.wait_for(HEAT_SHOWN)
    assert text(tab, "answer").startswith("red")


def test_pasting_words_says_that_there_is_no_picture(tab):
    tab.value("document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: new DataTransfer()}))")
    assert text(tab, "problem") == "There is no picture on the clipboard. Copy one first."


def test_a_picture_is_taken_with_the_camera(tab):
    tab.click("#camera")
    tab.wait_for("document.getElementById('viewfinder').open && document.getElementById('video').videoWidth > 0")
    tab.click("#shoot")
    tab.wait_for(f"!{HIDDEN.format('result')}")
    assert not tab.value("document.getElementById('viewfinder').open")
    tab.wait_for("document.getElementById('video').srcObject.getTracks().every(track => track.readyState === 'ended')")


def test_a_picture_comes_in_by_keyboard_alone(tab):
    reached = []
    for _ in range(5):
        tab.press("Tab")
        reached.append(tab.value("document.activeElement.id || document.activeElement.className"))
    assert reached[:4] == ["skip", "model", "file", "camera"]
    tab.value("document.getElementById('camera').focus()")
    tab.press("Enter")
    tab.wait_for("document.getElementById('viewfinder').open && document.getElementById('video').videoWidth > 0")
    tab.press("Escape")
    assert not tab.value("document.getElementById('viewfinder').open")
    assert tab.value("document.activeElement.id") == "camera"


def test_whatever_can_be_reached_has_a_name(tab, picture):
    tab.choose("#file", picture(RED))
    tab.wait_for(HEAT_SHOWN)
    nodes = tab.do("Accessibility.getFullAXTree")["nodes"]
    wanted = {"button", "combobox", "image", "table", "heading"}
    named = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in wanted
    }
    assert ("combobox", "Model") in named
    assert ("image", "Your picture") in named
    assert any(role == "button" and "Choose a picture" in name for role, name in named)
    assert [one for one in named if not one[1] and one[0] != "image"] == []


def test_another_model_is_asked_about_the_same_picture(tab, picture):
    tab.choose("#file", picture(RED))
    tab.wait_for(HEAT_SHOWN)
    tab.value(
        "(() => {const box = document.getElementById('model'); box.value = 'blind';"
        "box.dispatchEvent(new Event('change'))})()"
    )
    tab.wait_for(f"{TEXT.format('version')}.includes('blind')")
    assert tab.value(HIDDEN.format("heat"))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 390, 1200])
def test_no_width_scrolls_sideways(tab, picture, width, dark):
    tab.look(width, dark=dark)
    tab.choose("#file", picture(GREY))
    tab.wait_for(HEAT_SHOWN)
    assert tab.value("document.documentElement.scrollWidth") <= width
    small = tab.value(
        "[...document.querySelectorAll('.button, select')].filter(one => one.offsetParent)"
        ".filter(one => one.getBoundingClientRect().height < 44).map(one => one.id)"
    )
    assert small == []


def test_a_busy_or_silent_server_is_told(program, chromium, picture):
    busy = Running(model(explain=lambda *_: HeatMap(-HEAT * 0 - 1, "Grad-CAM", "blocks")), bodies_bytes=10)
    try:
        chromium.visit(f"{busy.url}/")
        chromium.wait_for(TEXT.format("classes"))
        chromium.choose("#file", picture(RED))
        chromium.wait_for(TEXT.format("problem"))
        assert text(chromium, "problem") == "The server is busy. Try again in 1 s."
    finally:
        busy.end()
    chromium.choose("#file", picture(RED))
    chromium.wait_for(f"{TEXT.format('problem')}.startsWith('The server does not answer.')")


def test_a_token_is_asked_for_once(chromium, picture):
    locked = Running(model(), token="open sesame")
    try:
        chromium.visit(f"{locked.url}/")
        chromium.wait_for("document.getElementById('locked').open")
        chromium.value(f"document.getElementById('token').value = {json.dumps('open sesame')}")
        chromium.value("document.getElementById('token').focus()")
        chromium.press("Enter")
        chromium.wait_for(TEXT.format("classes"))
        chromium.choose("#file", picture(RED))
        chromium.wait_for(HEAT_SHOWN)
        assert not chromium.value("document.getElementById('locked').open")
    finally:
        locked.end()
