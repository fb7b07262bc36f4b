"""Writes benchmarks/results/serving.json, its part `clients`: the public clients, unchanged, and schemathesis.

    .venv/bin/pip install -r benchmarks/serving/requirements.txt
    .venv/bin/python benchmarks/serving/clients.py STUDY PIXELS.npz [--examples 200]

The `requests` example of TensorFlow Serving's tutorial, tritonclient's HTTP client with its defaults (binary tensors),
and schemathesis on /openapi.json, whose answers must never be 5xx. PIXELS.npz as in abuse.py.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import requests
import tritonclient.http as httpclient
from processes import start_lowres
from scipy.special import softmax

from lowres.files.machine import installed_versions
from lowres.pipeline.predict_pictures import open_finished_study
from results import keep

ROWS = 100


def main() -> None:
    """Ask by each, and write what came of it."""
    wanted = _arguments()
    stored, study = np.load(wanted.pixels), open_finished_study(wanted.study)
    pixels = stored["pixels"][:ROWS]
    expected = softmax(stored["logits"][:ROWS].astype(float) / study.rules.temperature, axis=1)
    name = wanted.study.resolve().name
    with tempfile.TemporaryDirectory() as folder:
        server = start_lowres(wanted.study, Path(folder) / "log")
        facts: dict[str, Any] = {
            "requests_example": _documented(server.port, name, pixels, expected),
            "tritonclient": _triton(server.port, name, pixels, expected),
        }
        keep("clients", facts)
        facts["schemathesis"] = _schemathesis(server.port, wanted.examples)
        facts["tracebacks"] = server.log.read_text().count("Traceback")
        server.end()
    print(json.dumps(facts, indent=2))
    keep("clients", facts)


def _documented(port: int, name: str, pixels: np.ndarray, expected: np.ndarray) -> dict[str, Any]:
    """The code of https://www.tensorflow.org/tfx/tutorials/serving/rest_simple, its address and names replaced."""
    data = json.dumps({"signature_name": "serving_default", "instances": pixels.tolist()})
    headers = {"content-type": "application/json"}
    json_response = requests.post(f"http://localhost:{port}/v1/models/{name}:predict", data=data, headers=headers)
    predictions = json.loads(json_response.text)["predictions"]
    return {"n": len(predictions), "largest_difference": float(np.abs(np.array(predictions) - expected).max())}


def _triton(port: int, name: str, pixels: np.ndarray, expected: np.ndarray) -> dict[str, Any]:
    client = httpclient.InferenceServerClient(f"127.0.0.1:{port}")
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(name)
    (given,) = client.get_model_metadata(name)["inputs"]
    tensor = httpclient.InferInput(given["name"], list(pixels.shape), given["datatype"])
    tensor.set_data_from_numpy(pixels)
    shares = client.infer(name, [tensor]).as_numpy("probabilities")
    best = client.infer(name, [tensor], outputs=[httpclient.InferRequestedOutput("probabilities", class_count=1)])
    labels = [word.decode().split(":")[1] for word in best.as_numpy("probabilities")[:, 0]]
    return {
        "version": installed_versions(("tritonclient",))["tritonclient"],
        "n": len(shares),
        "largest_difference": float(np.abs(shares - expected).max()),
        "same_class": int((np.array(labels, int) == expected.argmax(axis=1)).sum()),
    }


def _schemathesis(port: int, examples: int) -> dict[str, Any]:
    program = Path(sys.executable).with_name("schemathesis")
    words = [
        str(program), "run", f"http://127.0.0.1:{port}/openapi.json", "--checks", "not_a_server_error",
        "--max-examples", str(examples), "--seed", "1", "--phases", "examples,coverage,fuzzing", "--no-color",
    ]  # fmt: skip
    # It leaves a folder of what it learned where it runs.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(words, capture_output=True, text=True, timeout=3000, cwd=folder)
    tail = done.stdout[-1500:]
    cases = re.search(r"(\d[\d,]*) generated", done.stdout)
    return {"exit_code": done.returncode, "cases": cases[1] if cases else None, "tail": tail.splitlines()[-12:]}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("pixels", type=Path)
    parser.add_argument("--examples", type=int, default=200)
    return parser.parse_args()


if __name__ == "__main__":
    main()
