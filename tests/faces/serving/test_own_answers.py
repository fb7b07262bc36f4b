"""One picture's answer, its confusions and its heat map, and the page that asks for them."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from faces.serving.served import HEAT, NAMES, b64, expected, model, pictures, png
from lowres.faces.serving.application import build_application
from lowres.faces.serving.desk import Desk
from lowres.faces.serving.limits import Limits
from lowres.faces.serving.page import render_page
from lowres.faces.serving.served_model import HeatMap
from lowres.faces.serving.shelf import State, VersionState
from lowres.values.judging.prediction_rows import AnswerRules
from lowres.values.monitoring.picture_policy import PicturePolicy

ONE = pictures(1)[0]
RED = np.full((4, 6, 3), (255, 0, 0), np.uint8)


@pytest.fixture
def client(serving):
    return serving()


@pytest.mark.parametrize("path", ["/answer", "/explain"])
@pytest.mark.parametrize(
    "body", [{"content": png(ONE)}, {"json": {"image": b64(png(ONE))}}, {"json": {"pixels": ONE.tolist()}}]
)
def test_the_answer_is_the_calibrated_row(client, path, body):
    data = client.post(path, **body).json()
    shares = expected(ONE[None])[0]
    order = np.argsort(-shares)
    assert (data["model"], data["version"], data["predicted"]) == ("colours", "3", NAMES[order[0]])
    assert [one["class"] for one in data["top"]] == [NAMES[at] for at in order]
    np.testing.assert_allclose([one["probability"] for one in data["top"]], shares[order], atol=1e-6)
    assert (data["needs_review"], data["review_threshold"]) == (bool(shares.max() < 0.9), 0.9)


def test_what_the_answer_is_often_confused_with(client):
    data = client.post("/answer", content=png(RED)).json()
    assert (data["predicted"], data["needs_review"]) == ("red", False)
    assert data["often_confused"] == [{"class": "blue", "count": 4, "of": 50}, {"class": "green", "count": 1, "of": 50}]


def test_a_study_that_vouches_for_nothing_wants_a_person_always(serving):
    client = serving(model(rules=AnswerRules(2.0, float("inf"), 0.01)), model("silent", rules=AnswerRules()))
    data = client.post("/answer", content=png(RED)).json()
    assert (data["needs_review"], data["review_threshold"]) == (True, None)
    assert "needs_review" not in client.post("/answer?model=silent", content=png(RED)).json()


def test_the_heat_map_is_raw_and_as_a_picture(client, pixels_of):
    found = client.post("/explain", content=png(RED)).json()["explanation"]
    assert (found["class"], found["against"], found["method"], found["layer"]) == ("red", None, "Grad-CAM", "blocks")
    np.testing.assert_allclose(found["heat"], HEAT)
    assert found["shape"] == [2, 3]
    assert not found["is_blank"]
    seen = pixels_of(_content(found["seen"]))
    np.testing.assert_array_equal(seen, RED)
    with Image.open(io.BytesIO(_content(found["overlay"]))) as overlay:
        cover = np.asarray(overlay.convert("RGBA"))[..., 3]
    assert cover[-1, -1] == cover.max() > cover.min()


def _content(uri):
    kind, _, text = uri.partition(",")
    assert kind == "data:image/png;base64"
    return base64.b64decode(text)


@pytest.mark.parametrize("how", ["query", "json"])
def test_a_class_is_explained_and_told_from_another(client, how):
    words = {"class": "blue", "against": "green"}
    if how == "query":
        answer = client.post("/explain", params=words, content=png(RED))
    else:
        answer = client.post("/explain", json={"image": b64(png(RED))} | words)
    found = answer.json()["explanation"]
    assert (found["class"], found["against"]) == ("blue", "green")
    np.testing.assert_allclose(found["heat"], HEAT + 2 - 1)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?class=cat", "expected a class of colours, got 'cat'"),
        ("?class=red&against=red", "expected another class to tell red from, got itself"),
        ("?against=red", "expected another class to tell red from, got itself"),
        ("?model=x", "Servable not found for request: Latest(x)"),
        ("?version=9", "Servable not found for request: Specific(colours, 9)"),
        ("?version=a", "expected query version otherwise, got 'a'"),
    ],
)
def test_what_is_not_there_is_refused(client, query, message):
    answer = client.post(f"/explain{query}", content=png(RED))
    assert answer.status_code in (400, 404)
    assert message in answer.json()["error"]


@pytest.mark.parametrize("body", [{}, {"image": b64(png(RED)), "pixels": RED.tolist()}])
def test_json_names_one_picture(client, body):
    assert "expected either image" in client.post("/answer", json=body).json()["error"]


def test_a_server_that_does_not_explain_says_so(serving):
    answer = serving(model(explain=None)).post("/explain", content=png(RED))
    assert answer.status_code == 404
    assert "got one with --no-explain" in answer.json()["error"]


def test_a_map_without_anything_positive_is_called_blank(serving):
    blank = HeatMap(-np.ones((2, 2), np.float32), "Grad-CAM", "blocks")
    client = serving(model(explain=lambda *_: blank))
    assert client.post("/explain", content=png(RED)).json()["explanation"]["is_blank"]


def test_models_are_listed_with_what_is_wrong_with_them(serving):
    client = serving(model())
    client.desk.shelf.note("colours", VersionState(4, State.END, "no model.keras"))
    (found,) = client.get("/models").json()["models"]
    assert (found["name"], found["current"], found["class_names"]) == ("colours", "3", list(NAMES))
    assert found["versions"] == [
        {"version": "4", "state": "END", "problem": "no model.keras"},
        {"version": "3", "state": "AVAILABLE"},
    ]
    assert (found["pixels"], found["explains"], found["identity"]) == ([4, 6, 3], True, "colours-3")


def test_readiness_follows_the_shelf(client):
    assert (client.get("/readyz").status_code, client.get("/healthz").text) == (200, "alive\n")
    client.desk.shelf.add("empty")
    assert client.get("/readyz").status_code == client.get("/v2/health/ready").status_code == 503
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_probes_may_ask_for_the_head_alone(client, path):
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_a_look_that_fails_is_logged_and_the_next_is_taken(caplog):
    looks = []

    def look():
        looks.append(len(looks))
        if len(looks) == 1:
            raise RuntimeError("disk away")

    application = build_application(Desk(Limits()), render_page(), look_again=look, seconds_between_looks=0.01)
    with TestClient(application) as client:
        while len(looks) < 3:
            assert client.get("/healthz").status_code == 200
    assert "disk away" in caplog.text
    assert client.get("/readyz").status_code == 503


def test_the_page_asks_nobody_else(client):
    answer = client.get("/")
    html, policy = answer.text, answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert not re.findall(r"https?://", html)
    assert not re.findall(r"""\s(?:src|href)=["'](?!data:|#)""", html)
    assert "style=" not in html
    assert render_page().html == answer.content


def test_the_document_describes_every_address(client):
    paths = client.get("/openapi.json").json()["paths"]
    for path in (
        "/v1/models/{name}",
        "/v1/models/{name}/versions/{version}/metadata",
        "/v1/models/{name}:predict",
        "/v1/models/{name}/versions/{version}:classify",
        "/v2/models/{name}/infer",
        "/v2/models/{name}/versions/{version}/ready",
        "/explain",
        "/metrics",
    ):
        assert path in paths
    predict = paths["/v1/models/{name}:predict"]["post"]
    assert "instances" in predict["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert {"400", "404", "413", "429"} <= set(predict["responses"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (None, "is not kept."),
        ("none", "such as brightness; the picture is not kept."),
        ("review-only", "keeps the picture for 7 days if a person should look at it, or by lot (2%)."),
        ("sample:0.05", "keeps 5 % of all pictures for 7 days."),
        ("all", "keeps the picture for 7 days."),
    ],
)
def test_the_page_says_what_becomes_of_a_picture(words, said):
    page = render_page(None if words is None else PicturePolicy.of(words), 7).html.decode()
    assert said in page
    assert ("writes down its answer" in page) == (words is not None)
