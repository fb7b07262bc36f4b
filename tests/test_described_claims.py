"""The page on the described system says what its results say, every claim with a verdict and a command."""

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RESULTS = json.loads((ROOT / "benchmarks/results/described_claims.json").read_text(encoding="utf-8"))
CLAIMS = RESULTS["claims"]


@pytest.fixture(scope="module")
def room():
    """Imports a room of benchmarks/described by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield lambda name: importlib.import_module(f"described.{name}")


def figures(where):
    return next(claim["figures"] for claim in CLAIMS if claim["where"] == where)


def test_the_page_is_what_the_results_say(room):
    page = (ROOT / "docs/described-system-checked.md").read_text(encoding="utf-8")
    assert page == room("document").rendered(RESULTS), (
        "run: .venv/bin/python benchmarks/described_claims.py --only paper"
    )


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim['where']} {claim['evidence']}")
def test_a_claim_has_words_a_verdict_and_a_command(claim, room):
    assert claim["quote"].strip()
    assert claim["found"].strip()
    assert "{" not in claim["found"]
    assert claim["verdict"] in room("claim").VERDICTS
    assert claim["command"] == f".venv/bin/python benchmarks/described_claims.py --only {claim['evidence']}"
    assert claim["evidence"] in RESULTS["runs"]
    assert (ROOT / f"benchmarks/described/{claim['evidence']}.py").exists()


@pytest.mark.parametrize("evidence", ["paper", "studies"])
def test_what_needs_no_network_is_computed_again(evidence, room):
    again = json.loads(json.dumps([claim.settled(evidence) for claim in room(evidence).claims()]))
    kept = [claim for claim in CLAIMS if claim["evidence"] == evidence]
    assert sorted(again, key=lambda claim: claim["where"]) == sorted(kept, key=lambda claim: claim["where"]), (
        f"run: .venv/bin/python benchmarks/described_claims.py --only {evidence}"
    )


def test_sizes_are_those_worked_by_hand():
    head = 2048 * 256 + 256 + 256 * 10 + 10
    # conv5: three bottlenecks 512, 512, 2048 on 1024 and twice on 2048 channels, a projection in the first; every
    # convolution has a bias, every BatchNorm two trainable and two moving numbers a channel.
    kernels = (1024 + 2 * 2048) * 512 + 3 * (9 * 512 * 512 + 512 * 2048) + 1024 * 2048
    channels = 3 * (512 + 512 + 2048) + 2048
    found = figures("7 Q3")
    assert found["head"] == head == 527_114
    assert found["total"] == head + 23_587_712
    assert found["fine_tuned"] == head + kernels + 3 * channels


def test_bytes_are_those_worked_by_hand():
    found = figures("3 Q6")
    assert found["train_mb"] == 8000 * 3072 * 4 / 1e6
    assert found["train_mib"] == 93.75
    assert found["total_mib"] == 20_000 * 3072 * 4 / 1048576


def test_claims_stand_in_the_order_of_the_document(room):
    where_key = room("document").where_key
    assert where_key("2 Q6") < where_key("2 Q9") < where_key("10 Q1") < where_key("G Q2")
    assert [claim["where"] for claim in CLAIMS] == sorted((claim["where"] for claim in CLAIMS), key=where_key)


def test_a_verdict_nobody_defined_is_refused(room):
    claim = room("claim").Claim("1 Q1", "water is dry", "perhaps", "It is not.")
    with pytest.raises(ValueError, match=r"expected a verdict among right, .*got 'perhaps' in 1 Q1"):
        claim.settled("paper")


def test_figures_that_do_not_carry_the_verdict_are_refused(room):
    claim = room("claim").Claim("1 Q1", "2 + 2 = 5", "right", "{sum}", {"sum": 4}, holds=False)
    with pytest.raises(ValueError, match=r"expected figures that carry 'right' in 1 Q1, got \{'sum': 4\}"):
        claim.settled("paper")


def test_a_training_that_has_not_run_is_said_not_to_have(room, tmp_path, monkeypatch):
    studies = room("studies")
    monkeypatch.setattr(studies, "RESULTS", tmp_path)
    assert {claim.verdict for claim in studies.claims()} == {"not checked yet"}
    fine_tuning = {"frozen_validation_accuracy": 0.11, "validation_accuracy": 0.12, "kept_epoch": 3, "epochs": 8}
    as_it_stands = {"n": 10_000, "accuracy": 0.12, "fine_tuning": fine_tuning}
    found = _settled_from(tmp_path, studies, as_it_stands)
    assert found["6 Q1"]["verdict"] == "right"
    assert "11.0%" in found["6 Q1"]["found"]
    assert found["7 Q5"]["verdict"] == "not checked yet"
    assert "BatchNormalization standing still, that recipe came to 12.0% of 10,000" in found["7 Q5"]["found"]
    trained = {"changed": {"fine_tuning.normalisation": '"training"'}, "n": 10_000, "accuracy": 0.7}
    trained["fine_tuning"] = fine_tuning | {"validation_accuracy": 0.7}
    # Half of the comparison is none, and a changed run is not the recipe as it stands.
    found = _settled_from(tmp_path, studies, trained)
    assert found["7 Q5"]["verdict"] == "not checked yet"
    assert "As it stands" not in found["7 Q5"]["found"]
    found = _settled_from(tmp_path, studies, as_it_stands, trained)
    assert "the recipe comes to 12.0%" in found["7 Q5"]["found"]
    assert found["7 Q5"]["verdict"] == "not reproduced"
    assert "70.0% on validation (epoch 3 kept, 8 trained, 1 run)" in found["7 Q5"]["found"]
    assert "11.0%" in found["6 Q1"]["found"]


def _settled_from(folder, studies, *runs):
    (folder / "described.json").write_text(json.dumps({"runs": runs}))
    return {claim.where: claim.settled("studies") for claim in studies.claims()}
