"""The Open Inference Protocol, requests written out by hand as its specification and Triton's extensions have them."""

import json
import struct

import numpy as np
import pytest

from faces.serving.served import NAMES, b64, expected, logits_of, pictures, png

INFER = "/v2/models/colours/infer"
LENGTH = "Inference-Header-Content-Length"
TWO = pictures(2)


@pytest.fixture
def client(serving):
    return serving()


def tensor(name="pixels", datatype="UINT8", shape=(2, 4, 6, 3), **more):
    return {"name": name, "datatype": datatype, "shape": list(shape)} | more


def framed(request, *tails):
    """A body with bytes behind its JSON, and its headers."""
    head = json.dumps(request).encode()
    return {"content": head + b"".join(tails), "headers": {LENGTH: str(len(head))}}


def outputs_of(answer):
    """The outputs of an answer by name, whichever way they came."""
    assert answer.status_code == 200, answer.text
    length = int(answer.headers.get(LENGTH, len(answer.content)))
    head, tail = json.loads(answer.content[:length]), answer.content[length:]
    found = {}
    for one in head["outputs"]:
        size = one.get("parameters", {}).get("binary_data_size")
        if size is None:
            found[one["name"]] = one["data"]
        else:
            found[one["name"]], tail = tail[:size], tail[size:]
    assert tail == b""
    return head, found


@pytest.mark.parametrize("data", [TWO.tolist(), TWO.ravel().tolist()])
def test_data_nested_or_flat(client, data):
    head, found = outputs_of(client.post(INFER, json={"id": "42", "inputs": [tensor(data=data)]}))
    assert (head["model_name"], head["model_version"], head["id"]) == ("colours", "3", "42")
    assert [(one["name"], one["datatype"], one["shape"]) for one in head["outputs"]] == [
        ("probabilities", "FP32", [2, 3]),
        ("logits", "FP32", [2, 3]),
    ]
    np.testing.assert_allclose(np.reshape(found["probabilities"], (2, 3)), expected(TWO), atol=1e-6)
    np.testing.assert_allclose(np.reshape(found["logits"], (2, 3)), logits_of(TWO), atol=1e-5)


def test_one_output_is_asked_for(client):
    request = {"inputs": [tensor(data=TWO.tolist())], "outputs": [{"name": "logits"}]}
    head, _ = outputs_of(client.post(INFER, json=request))
    assert [one["name"] for one in head["outputs"]] == ["logits"]
    assert "id" not in head


@pytest.mark.parametrize(("datatype", "kind"), [("UINT8", "<u1"), ("INT32", "<i4"), ("FP16", "<f2"), ("FP32", "<f4")])
def test_binary_tensors_both_ways(client, datatype, kind):
    tail = TWO.astype(kind).tobytes()
    request = {
        "inputs": [tensor(datatype=datatype, parameters={"binary_data_size": len(tail)})],
        "parameters": {"binary_data_output": True},
    }
    _, found = outputs_of(client.post(INFER, **framed(request, tail)))
    shares = np.frombuffer(found["probabilities"], "<f4").reshape(2, 3)
    np.testing.assert_allclose(shares, expected(TWO), atol=1e-6)


def test_files_as_bytes_and_as_base64(client):
    files = [png(one) for one in TWO]
    tail = b"".join(struct.pack("<I", len(one)) + one for one in files)
    request = {"inputs": [tensor("image", "BYTES", (2,), parameters={"binary_data_size": len(tail)})]}
    _, binary = outputs_of(client.post(INFER, **framed(request, tail)))
    texts = [b64(one)["b64"] for one in files]
    _, text = outputs_of(client.post(INFER, json={"inputs": [tensor("image", "BYTES", (2,), data=texts)]}))
    np.testing.assert_allclose(np.reshape(text["probabilities"], (2, 3)), expected(TWO), atol=1e-6)
    assert binary == text


@pytest.mark.parametrize("is_binary", [True, False])
def test_classifications_are_value_index_and_label(client, is_binary):
    wanted = {"name": "probabilities", "parameters": {"classification": 2, "binary_data": is_binary}}
    request = {"inputs": [tensor(data=TWO.tolist())], "outputs": [wanted]}
    head, found = outputs_of(client.post(INFER, json=request))
    assert (head["outputs"][0]["datatype"], head["outputs"][0]["shape"]) == ("BYTES", [2, 2])
    words = found["probabilities"]
    if is_binary:
        texts, at = [], 0
        while at < len(words):
            (length,) = struct.unpack_from("<I", words, at)
            texts.append(words[at + 4 : at + 4 + length].decode())
            at += 4 + length
        words = texts
    order = np.argsort(-expected(TWO), axis=1)[:, :2]
    assert [int(word.split(":")[1]) for word in words] == order.ravel().tolist()
    assert [word.split(":")[2] for word in words] == [NAMES[at] for at in order.ravel()]
    np.testing.assert_allclose(
        [float(word.split(":")[0]) for word in words], np.take_along_axis(expected(TWO), order, 1).ravel(), atol=1e-6
    )


def test_metadata_health_and_index(client):
    server = client.get("/v2").json()
    assert (server["name"], "binary_tensor_data" in server["extensions"]) == ("lowres", True)
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/colours/ready").json() == {"name": "colours", "ready": True}
    assert client.get("/v2/models/colours/versions/9/ready").status_code == 404
    data = client.get("/v2/models/colours").json()
    assert (data["name"], data["versions"], data["platform"]) == ("colours", ["3"], "lowres")
    assert data["inputs"] == [{"name": "pixels", "datatype": "UINT8", "shape": [-1, 4, 6, 3]}]
    assert [one["name"] for one in data["outputs"]] == ["probabilities", "logits"]
    index = client.post("/v2/repository/index").json()
    assert index == [{"name": "colours", "version": "3", "state": "READY", "reason": ""}]


GOOD = TWO.tolist()


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        ({}, "expected inputs as a list of objects, at least one"),
        ({"inputs": []}, "expected inputs as a list of objects, at least one"),
        ({"inputs": [5]}, "expected inputs as a list of objects"),
        ({"inputs": [tensor("x", data=GOOD)]}, "expected one input, pixels or image, got x"),
        ({"inputs": [tensor(data=GOOD), tensor(data=GOOD)]}, "expected one input, pixels or image, got pixels, pixels"),
        ({"inputs": [tensor(datatype="BOOL", data=GOOD)]}, "expected a datatype among UINT8"),
        ({"inputs": [tensor(shape=(2, -4), data=GOOD)]}, "expected a shape of whole numbers for input pixels"),
        ({"inputs": [tensor(shape=(10**40, 1), data=GOOD)]}, "expected a shape of whole numbers for input pixels"),
        ({"inputs": [tensor(shape=(), data=GOOD)]}, "expected a shape of whole numbers"),
        (
            {"inputs": [tensor(shape=(1, 4, 6, 3), data=GOOD)]},
            "expected 72 values of shape [1, 4, 6, 3] in pixels, got 144",
        ),
        ({"inputs": [tensor(data=[[1], [2, 3]])]}, "got ragged lists; send it flat"),
        ({"inputs": [tensor(data=["a"] * 144)]}, "expected numbers in input pixels"),
        ({"inputs": [tensor(data=5)]}, "expected data as a list in input pixels"),
        ({"inputs": [tensor(datatype="FP32", data=(TWO / 255).tolist())]}, "got fractions up to"),
        ({"inputs": [tensor("pixels", "BYTES", (1,), data=["aa"])]}, "expected numbers in input pixels, got BYTES"),
        ({"inputs": [tensor("image", data=GOOD)]}, "expected BYTES in input image, got UINT8"),
        ({"inputs": [tensor("image", "BYTES", (2,), data=["aa"])]}, "expected 2 texts in input image"),
        ({"inputs": [tensor("image", "BYTES", (1,), data=["?"])]}, "expected base64 in input image, element 0"),
        ({"inputs": [tensor(data=GOOD)], "outputs": 5}, "expected outputs as a list of objects"),
        ({"inputs": [tensor(data=GOOD)], "outputs": [{"name": "x"}]}, "expected an output among probabilities, logits"),
        (
            {"inputs": [tensor(data=GOOD)], "outputs": [{"name": "logits", "parameters": {"classification": "a"}}]},
            "expected a number of classes in classification",
        ),
        ({"inputs": [tensor(data=GOOD)], "id": 5}, "expected text under 'id', got 5"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(client, request_body, message):
    answer = client.post(INFER, json=request_body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert message in answer.json()["error"]


@pytest.mark.parametrize(
    ("size", "tail", "message"),
    [
        (144, b"1" * 100, "expected binary_data_size from 0 to 100, the bytes there are, got 144"),
        (144, b"1" * 150, "expected 144 bytes behind the JSON, as binary_data_size says, got 150"),
        (-1, b"", "expected binary_data_size from 0 to 0"),
        ("a", b"", "expected binary_data_size from 0 to 0"),
        (72, b"1" * 72, "expected 144 values of shape [2, 4, 6, 3] in pixels, got 72"),
    ],
)
def test_bytes_that_do_not_fit_are_refused(client, size, tail, message):
    request = {"inputs": [tensor(parameters={"binary_data_size": size})]}
    answer = client.post(INFER, **framed(request, tail))
    assert answer.status_code == 400
    assert message in answer.json()["error"]


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (b"\x01\x00", "expected whole elements in input image, got 2 bytes too many"),
        (struct.pack("<I", 9) + b"abc", "expected 9 bytes of an element in input image, got fewer"),
        (struct.pack("<I", 0), "expected 2 elements in input image, got 1"),
    ],
)
def test_bytes_elements_that_are_not_whole_are_refused(client, tail, message):
    request = {"inputs": [tensor("image", "BYTES", (2,), parameters={"binary_data_size": len(tail)})]}
    assert message in client.post(INFER, **framed(request, tail)).json()["error"]


@pytest.mark.parametrize("length", ["-1", "99999", "x", "9" * 50])
def test_a_header_length_that_cannot_be_is_refused(client, length):
    answer = client.post(INFER, content=b"{}", headers={LENGTH: length})
    assert answer.status_code == 400
    assert "expected Inference-Header-Content-Length up to 2, the body's bytes, got" in answer.json()["error"]
