"""Writes benchmarks/results/described_claims.json and docs/described-system-checked.md: the document, claim by claim.

    .venv/bin/python benchmarks/described_claims.py [--only paper pixels resnet keras_parts processes studies frozen]

What is not asked for is kept as it was measured. `frozen` takes minutes; the rest together about one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from described.document import rendered, where_key  # noqa: E402  # TensorFlow reads its log level when it loads
from lowres.files.atomic import atomic_write_json, atomic_write_text  # noqa: E402
from lowres.files.machine import installed_versions  # noqa: E402
from processor import machine  # noqa: E402

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "described_claims.json"
DOCUMENT = HERE.parent / "docs" / "described-system-checked.md"
EVIDENCE = ("paper", "pixels", "resnet", "keras_parts", "processes", "studies", "frozen")
PACKAGES = ("keras", "tensorflow-cpu", "openvino", "numpy", "scipy", "scikit-learn")


def main() -> None:
    """Measure what is asked for and write both files after each room, so that a stopped run keeps what it has."""
    for evidence in _arguments().only:
        sys.stderr.write(f"described claims: {evidence}\n")
        results = _with(_kept(), evidence, measured(evidence))
        atomic_write_json(RESULTS, results)
        atomic_write_text(DOCUMENT, rendered(results))


def measured(evidence: str) -> list[dict[str, Any]]:
    """Return the claims one room settles, as results keep them."""
    return [claim.settled(evidence) for claim in importlib.import_module(f"described.{evidence}").claims()]


def _kept() -> dict[str, Any]:
    if RESULTS.exists():
        kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
        return kept
    return {"runs": {}, "claims": []}


def _with(kept: dict[str, Any], evidence: str, claims: list[dict[str, Any]]) -> dict[str, Any]:
    about = (importlib.import_module(f"described.{evidence}").__doc__ or "").split("\n")[0].rstrip(".")
    run = {"about": about, "machine": machine(), "versions": installed_versions(PACKAGES)}
    others = [claim for claim in kept["claims"] if claim["evidence"] != evidence]
    return {
        "what": "the described document's claims, each with what was found",
        "runs": {name: {**kept["runs"], evidence: run}[name] for name in EVIDENCE if name in {*kept["runs"], evidence}},
        "claims": sorted(others + claims, key=lambda claim: where_key(claim["where"])),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=EVIDENCE, default=EVIDENCE)
    return parser.parse_args()


if __name__ == "__main__":
    main()
