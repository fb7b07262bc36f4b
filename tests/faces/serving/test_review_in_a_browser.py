"""The review page in a real Chromium: keys, undo, heat, and that nothing said is lost, whatever the server does."""

import json

import numpy as np
import pytest

from browser import browser_tab
from faces.serving.running import Running
from faces.serving.served import NAMES, model
from lowres.errors import StoreUnavailable
from lowres.faces.report.pdf import find_browser
from lowres.faces.serving.review import Neighbour, ReviewPicture
from lowres.values.reviewing.queue import QueuedPicture

# Keys count once the picture they are about is there.
SHOWN = "document.getElementById('work').dataset.id && !document.getElementById('work').hidden"


class PlantedDesk:
    """Five pictures, whose verdicts are kept in a list; may refuse to write."""

    def __init__(self):
        self.said, self.is_broken = [], False

    def queue(self, name, reviewer, most):
        last = {}
        for id, who, _, is_withdrawn in self.said:
            if who == reviewer:
                last[id] = is_withdrawn
        done = {id for id, is_withdrawn in last.items() if not is_withdrawn}
        open_ids = [f"r{number}" for number in range(5) if f"r{number}" not in done]
        return tuple(QueuedPicture(id, "unsure") for id in open_ids[:most]), len(done)

    def picture(self, name, id):
        pixels = np.full((4, 6, 3), 40 * int(id[1:]), np.uint8)
        alike = [Neighbour("green", 0.25, pixels)]
        return ReviewPicture(id, "2026-11-26", pixels, np.array([0.2, 0.5, 0.3], np.float32), NAMES, alike)

    def say(self, name, id, reviewer, class_name, is_withdrawn):
        if self.is_broken:
            raise StoreUnavailable("expected the store to do as asked, got a full disk; see that it has room")
        self.said.append((id, reviewer, class_name, is_withdrawn))


@pytest.fixture(scope="module")
def program():
    found = find_browser()
    if found is None:
        pytest.skip("NOT TESTED: the review page in a browser; no Chromium here (Debian: apt install chromium)")
    return found


@pytest.fixture
def desk():
    return PlantedDesk()


@pytest.fixture
def server(desk):
    running = Running(model(), review=desk)
    yield running
    running.end()


@pytest.fixture
def tab(program, server):
    with browser_tab(program) as tab:
        tab.visit(f"{server.url}/review")
        tab.value("document.getElementById('name').value = 'ann'; document.querySelector('#who button').click()")
        tab.wait_for(SHOWN)
        yield tab
        assert [url for url in tab.asked_for if not url.startswith((server.url, "data:"))] == []


def press(tab, key):
    tab.value(f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: {json.dumps(key)}, bubbles: true}}))")


def progress(tab):
    return tab.value("document.getElementById('progress').textContent")


def wait_until(tab, judged):
    tab.wait_for(f"document.getElementById('progress').textContent.startsWith('{judged} judged') && {SHOWN}")


def test_a_picture_comes_with_all_that_helps(tab):
    classes = tab.value("[...document.querySelectorAll('#classes button')].map(one => one.textContent)")
    assert classes == ["1green50 %", "2blue30 %", "3red20 %"]
    assert tab.value("document.getElementById('why').textContent") == "The model does not vouch for its answer."
    assert tab.value("document.querySelector('#neighbours figcaption').textContent") == "green"
    press(tab, "h")
    tab.wait_for("!document.getElementById('heat').hidden && document.getElementById('heat').naturalWidth > 0")
    assert progress(tab) == "0 judged, 5 waiting, as ann"


def test_keys_judge_and_undo(tab, desk):
    for number, key in enumerate(("Enter", "3", "x"), start=1):
        press(tab, key)
        wait_until(tab, number)
    tab.wait_for("localStorage.getItem('lowres-outbox') === '[]'")
    assert desk.said == [("r0", "ann", "green", False), ("r1", "ann", "red", False), ("r2", "ann", None, False)]
    press(tab, "u")
    wait_until(tab, 2)
    tab.wait_for("localStorage.getItem('lowres-outbox') === '[]'")
    assert desk.said[-1] == ("r2", "ann", None, True)
    press(tab, "2")
    wait_until(tab, 3)
    tab.wait_for("localStorage.getItem('lowres-outbox') === '[]'")
    assert desk.said[-1] == ("r2", "ann", "blue", False)


def test_what_the_server_did_not_take_survives_a_reload_and_is_sent(tab, desk, server):
    desk.is_broken = True
    press(tab, "1")
    tab.wait_for("document.getElementById('problem').textContent !== ''")
    assert desk.said == []
    tab.visit(f"{server.url}/review")
    # The name is known, and what was said counts, though the server has not heard of it.
    tab.wait_for(SHOWN)
    wait_until(tab, 1)
    desk.is_broken = False
    tab.wait_for("localStorage.getItem('lowres-outbox') === '[]'")
    assert desk.said == [("r0", "ann", "green", False)]


def test_the_end_of_the_queue_and_a_phone(tab):
    tab.look(390, 800)
    width = tab.value("document.documentElement.scrollWidth")
    assert width <= 390
    for number in range(5):
        press(tab, "Enter")
        if number < 4:
            wait_until(tab, number + 1)
    tab.wait_for("!document.getElementById('done').hidden")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"id": "r1"}',
        '{"id": 3, "reviewer": "ann"}',
        '{"id": "r1", "reviewer": "a", "class": "x", "withdrawn": true}',
    ],
)
def test_a_verdict_that_is_none_is_refused(body, desk, serving_review):
    answer = serving_review.post("/review/label", content=body)
    assert answer.status_code == 400
    assert "expected a JSON object with id, reviewer" in answer.json()["error"]
    assert desk.said == []


@pytest.fixture
def serving_review(desk, page):
    from starlette.testclient import TestClient

    from lowres.faces.serving.application import build_application
    from lowres.faces.serving.desk import Desk
    from lowres.faces.serving.limits import Limits

    behind = Desk(Limits())
    behind.shelf.add("colours")
    behind.shelf.put(model())
    with TestClient(build_application(behind, page, token="", review=desk), raise_server_exceptions=False) as client:
        yield client


def test_the_addresses(serving_review, desk):
    found = serving_review.get("/review/queue", params={"reviewer": "bob", "most": 2}).json()
    assert found == {"queue": [{"id": "r0", "why": "unsure"}, {"id": "r1", "why": "unsure"}], "judged": 0}
    assert serving_review.get("/review/queue").status_code == 400
    picture = serving_review.get("/review/picture/r1").json()
    assert [one["class"] for one in picture["classes"]] == ["green", "blue", "red"]
    assert picture["pixels"][0][0] == [40, 40, 40]
    assert serving_review.post("/review/label", json={"id": "r1", "reviewer": "bob", "class": None}).json()["kept"]
    assert desk.said == [("r1", "bob", None, False)]
