"""TensorFlow Serving's REST protocol as its page documents it: forms, base64, classify, status, metadata, errors."""

import json

import numpy as np
import pytest

from faces.serving.served import NAMES, b64, expected, logits_of, model, pictures, png

PREDICT = "/v1/models/colours:predict"
TWO = pictures(2)


@pytest.fixture
def client(serving):
    return serving()


def refusal(client, path, body, status=400):
    answer = client.post(path, json=body) if not isinstance(body, bytes) else client.post(path, content=body)
    assert (answer.status_code, list(answer.json())) == (status, ["error"]), answer.text
    return answer.json()["error"]


@pytest.mark.parametrize(
    "instances",
    [
        TWO.tolist(),
        TWO.astype(float).tolist(),
        [{"pixels": one.tolist()} for one in TWO],
        [b64(png(one)) for one in TWO],
        [{"image": b64(png(one))} for one in TWO],
        [b64(png(TWO[0])), {"pixels": TWO[1].tolist()}],
    ],
)
def test_row_form_is_answered_in_row_form(client, instances):
    answer = client.post(PREDICT, json={"instances": instances})
    assert answer.status_code == 200
    assert list(answer.json()) == ["predictions"]
    np.testing.assert_allclose(answer.json()["predictions"], expected(TWO), atol=1e-6)


@pytest.mark.parametrize(
    "inputs",
    [
        TWO.tolist(),
        {"pixels": TWO.tolist()},
        [b64(png(one)) for one in TWO],
        {"image": [b64(png(one)) for one in TWO]},
    ],
)
def test_column_form_is_answered_in_column_form(client, inputs):
    answer = client.post(PREDICT, json={"inputs": inputs})
    assert list(answer.json()) == ["outputs"]
    np.testing.assert_allclose(answer.json()["outputs"], expected(TWO), atol=1e-6)


def test_one_file_alone_in_column_form(client):
    answer = client.post(PREDICT, json={"inputs": b64(png(TWO[0]))})
    np.testing.assert_allclose(answer.json()["outputs"], expected(TWO[:1]), atol=1e-6)


def test_a_signature_gives_logits(client):
    answer = client.post(PREDICT, json={"instances": TWO.tolist(), "signature_name": "logits"})
    np.testing.assert_allclose(answer.json()["predictions"], logits_of(TWO), atol=1e-5)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_files_of_any_size_and_kind_are_brought_to_the_pixels(client, kind):
    even = np.full((40, 60, 3), (200, 30, 30), np.uint8)
    answer = client.post(PREDICT, json={"instances": [b64(png(even, kind))]})
    assert np.argmax(answer.json()["predictions"][0]) == NAMES.index("red")


@pytest.mark.parametrize(
    "examples",
    [
        {"examples": [{"image": b64(png(one))} for one in TWO]},
        {"examples": [{"pixels": one.ravel().tolist()} for one in TWO]},
    ],
)
def test_classify_gives_label_and_score_of_every_class(client, examples):
    rows = client.post("/v1/models/colours:classify", json=examples).json()["results"]
    assert [[label for label, _ in row] for row in rows] == [list(NAMES)] * 2
    np.testing.assert_allclose([[score for _, score in row] for row in rows], expected(TWO), atol=1e-6)


def test_what_examples_share_stands_in_the_context(client):
    shared = {"context": {"image": b64(png(TWO[0]))}, "examples": [{}, {}]}
    rows = client.post("/v1/models/colours:classify", json=shared).json()["results"]
    assert rows[0] == rows[1]
    twice = {"context": shared["context"], "examples": [shared["context"]]}
    assert "expected image in the context or in example 0, got both" in refusal(
        client, "/v1/models/colours:classify", twice
    )


def test_status_in_the_words_of_the_servers_own(serving):
    client = serving(model(version=3), model(version=4))
    fine = {"error_code": "OK", "error_message": ""}
    rows = [{"version": version, "state": "AVAILABLE", "status": fine} for version in ("4", "3")]
    assert client.get("/v1/models/colours").json() == {"model_version_status": rows}
    assert client.get("/v1/models/colours/versions/3").json() == {"model_version_status": rows[1:]}
    assert "Could not find version 9" in client.get("/v1/models/colours/versions/9").json()["error"]


def test_metadata_names_inputs_and_outputs(client):
    data = client.get("/v1/models/colours/metadata").json()
    assert data["model_spec"] == {"name": "colours", "signature_name": "", "version": "3"}
    signature = data["metadata"]["signature_def"]["signature_def"]["serving_default"]
    pixels, shares = signature["inputs"]["pixels"], signature["outputs"]["probabilities"]
    assert (pixels["dtype"], [one["size"] for one in pixels["tensor_shape"]["dim"]]) == (
        "DT_UINT8",
        ["-1", "4", "6", "3"],
    )
    assert (shares["dtype"], [one["size"] for one in shares["tensor_shape"]["dim"]]) == ("DT_FLOAT", ["-1", "3"])
    assert signature["method_name"] == "tensorflow/serving/predict"


def test_a_version_is_asked_by_its_number(serving):
    client = serving(model(version=3), model(version=4, answer=lambda pixels: -logits_of(pixels)))
    old, new = (
        client.post(f"/v1/models/colours{version}:predict", json={"instances": TWO.tolist()}).json()["predictions"]
        for version in ("/versions/3", "/versions/4")
    )
    np.testing.assert_allclose(old, expected(TWO), atol=1e-6)
    assert np.argmax(new[0]) == np.argmin(old[0])


def test_an_unknown_model_is_not_found_in_the_servers_own_words(client):
    assert refusal(client, "/v1/models/half:predict", {"instances": [1.0]}, 404).startswith(
        "Servable not found for request: Latest(half); served are colours"
    )
    error = refusal(client, "/v1/models/colours/versions/9:predict", {"instances": [1.0]}, 404)
    assert error.startswith("Servable not found for request: Specific(colours, 9)")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "expected a JSON object, got no JSON"),
        (b"", "expected a JSON object, got an empty body"),
        (b"[1]", "expected a JSON object, got a JSON list"),
        (b"[" * 100_000, "expected a JSON object, got no JSON"),
        (b'{"instances": ' + b"9" * 5000 + b"}", "expected a JSON object, got no JSON"),
        ({}, "expected either instances or inputs, got neither"),
        ({"instances": [], "inputs": []}, "expected either instances or inputs, got both"),
        ({"instances": []}, "expected at least one picture, got none"),
        ({"instances": 5}, "expected instances as a list"),
        ({"instances": None}, "expected instances as a list"),
        (
            {"instances": TWO.tolist(), "signature_name": "regress"},
            "expected a signature among serving_default, logits",
        ),
        ({"instances": TWO.tolist(), "signature_name": 5}, "expected text under 'signature_name', got 5"),
        (
            {"instances": TWO[:, :3].tolist()},
            r"expected pixels of shape [n, 4, 6, 3] in instances, got shape [2, 3, 6, 3]",
        ),
        ({"instances": [[1, 2], [3]]}, "got ragged lists; send every row whole"),
        ({"instances": ["a", "b"]}, "got something that is no numbers"),
        ({"instances": [True]}, "got something that is no numbers"),
        ({"instances": [10**30]}, "got something that is no numbers"),
        ({"instances": (TWO / 255).tolist()}, "expected whole numbers from 0 to 255 in instances, got fractions up to"),
        ({"instances": np.ones((1, 4, 6, 3)).tolist()}, "send pixels unscaled, the network scales them itself"),
        ({"instances": (TWO.astype(int) - 300).tolist()}, "expected numbers from 0 to 255 in instances, got -"),
        (b'{"instances": [[[[NaN]]]]}', "got shape [1, 1, 1, 1]"),
        ({"instances": [{"b64": "not base64!"}]}, "expected base64 in instance 0"),
        ({"instances": [{"b64": 5}]}, 'expected {"b64": "..."} in instance 0, got an object of b64'),
        (
            {"instances": [b64(b"no picture")]},
            "expected a JPEG, PNG, WebP, BMP, GIF or TIFF in instance 0, got 10 bytes",
        ),
        ({"instances": [b64(png(TWO[0])[:-50])]}, "expected a JPEG, PNG"),
        ({"instances": [{"sepal": 1}]}, "expected pixels or image in instance 0, got sepal"),
        ({"inputs": {}}, "expected pixels or image in inputs, got nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(client, body, message):
    assert message in refusal(client, PREDICT, body)


def test_a_nan_among_pixels_is_refused(client):
    values = json.dumps(TWO.astype(float).tolist()).replace("[", "[", 1)
    first = values.index(",")
    body = ('{"instances": ' + "[[[[NaN" + values[first:] + "}").encode()
    assert "expected numbers from 0 to 255" in refusal(client, PREDICT, body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"examples": 5}, "expected examples as a list"),
        ({"examples": [5]}, "expected an object as example 0"),
        ({"examples": [{"pixels": [1, 2]}]}, "expected pixels of shape [n, 4, 6, 3] in example 0"),
        ({"examples": [{}], "signature_name": "logits"}, "expected the signature serving_default to classify by"),
    ],
)
def test_what_cannot_be_classified_is_refused(client, body, message):
    assert message in refusal(client, "/v1/models/colours:classify", body)


def test_regress_says_that_this_is_a_classifier(client):
    assert "expected :predict or :classify, got :regress" in refusal(client, "/v1/models/colours:regress", {})


def test_too_many_pictures_are_refused_with_413(serving):
    client = serving(pictures=3)
    assert client.post(PREDICT, json={"instances": pictures(3).tolist()}).status_code == 200
    assert "at most 3 pictures in one request, got 4" in refusal(
        client, PREDICT, {"instances": pictures(4).tolist()}, 413
    )
