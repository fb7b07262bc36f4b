"""Only what has changed runs again, and what is written down is true at every moment."""

import hashlib
import json
from dataclasses import replace

import pytest

from lowres.errors import DataError
from lowres.files.recipes import read_recipe
from lowres.pipeline.stage import Made, Stage, recipe_values
from pipeline.chain import chain


def made(outcomes):
    return [outcome.name for outcome in outcomes if outcome.made]


def ledger(tmp_path):
    return json.loads((tmp_path / "study" / "study.json").read_text())


def test_the_first_run_makes_everything_and_the_second_nothing(run_chain, watcher):
    assert made(run_chain()) == ["one", "two", "three", "four"]
    watcher.events.clear()
    assert made(run_chain()) == []
    assert watcher.events == [
        ("stands", "one", "wrote one"),
        ("stands", "two", ""),
        ("stands", "three", "3 letters"),
        ("stands", "four", "wrote end"),
    ]


def test_each_record_knows_its_inputs_outputs_seconds_and_versions(run_chain, tmp_path):
    run_chain(seed="7")
    record = ledger(tmp_path)["stages"]["two"]
    assert record["inputs"] == {
        "lowres' own two stage": "1",
        "seed": "7",
        "one.txt": hashlib.sha256(b"one").hexdigest(),
    }
    assert record["outputs"] == {"two.txt": hashlib.sha256(b"xxx").hexdigest()}
    assert 0 <= record["seconds"] < 60
    assert record["versions"]["numpy"]
    assert record["finished"].endswith("+00:00")


def test_what_a_stopped_run_took_counts(run_chain, tmp_path):
    def make(run):
        return Made(earlier_seconds=1000.0)

    run_chain((Stage("one", make),), last="one")
    assert 1000 <= ledger(tmp_path)["stages"]["one"]["seconds"] < 1060


def test_a_changed_value_runs_only_what_it_touches(run_chain):
    run_chain()
    outcomes = run_chain(head__epochs="3")
    assert made(outcomes) == ["four"]
    assert outcomes[3].reasons == ("head.epochs changed",)


def test_a_stage_that_comes_out_the_same_touches_nothing_after_it(run_chain, tmp_path):
    run_chain()
    assert made(run_chain(seed="5")) == ["two"]
    assert all(record["current"] for record in ledger(tmp_path)["stages"].values())


def test_a_stage_that_comes_out_otherwise_touches_what_reads_it(run_chain):
    run_chain()
    outcomes = run_chain(seed="20")
    assert made(outcomes) == ["two", "three", "four"]
    assert [outcome.reasons for outcome in outcomes[1:]] == [
        ("seed changed",),
        ("two.txt changed",),
        ("three changed",),
    ]


def test_a_raised_code_number_runs_the_stage_again(run_chain):
    run_chain()
    stages = chain()
    newer = (stages[0], replace(stages[1], code=2), *stages[2:])
    assert run_chain(newer)[1].reasons == ("lowres' own two stage changed",)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.unlink(), "two.txt is missing"),
        (lambda path: path.write_text("zzz"), "two.txt is damaged (not the bytes that were written)"),
        (lambda path: path.write_bytes(b""), "two.txt is damaged (not the bytes that were written)"),
    ],
)
def test_a_damaged_or_missing_file_is_named_and_made_again(run_chain, tmp_path, watcher, damage, reason):
    run_chain()
    damage(tmp_path / "study" / "two.txt")
    watcher.events.clear()
    assert made(run_chain()) == ["two"]
    assert ("begins", "two", (reason,)) in watcher.events
    assert (tmp_path / "study" / "two.txt").read_text() == "xxx"


def test_it_stops_at_the_stage_asked_for(run_chain, tmp_path):
    assert [outcome.name for outcome in run_chain(last="two")] == ["one", "two"]
    assert not (tmp_path / "study" / "four.txt").exists()


def test_results_an_earlier_stage_left_behind_are_marked(run_chain, tmp_path):
    run_chain()
    run_chain(last="two", seed="20")
    current = {name: record["current"] for name, record in ledger(tmp_path)["stages"].items()}
    assert current == {"one": True, "two": True, "three": False, "four": False}
    run_chain(seed="20")
    assert all(record["current"] for record in ledger(tmp_path)["stages"].values())


def refuse(run):
    raise DataError("no pictures there")


def test_a_stage_that_is_refused_says_so_the_next_time(run_chain, tmp_path):
    stages = chain()
    broken = (stages[0], Stage("two", refuse, ("seed",), ("one",)), *stages[2:])
    with pytest.raises(DataError, match="no pictures there"):
        run_chain(broken)
    assert ledger(tmp_path)["running"] == "two"
    outcomes = run_chain()
    assert [outcome.reasons for outcome in outcomes[:2]] == [(), ("it did not finish last time",)]
    assert ledger(tmp_path)["running"] == ""


def test_going_back_after_a_refusal_costs_nothing(run_chain, tmp_path):
    run_chain()
    stages = chain()
    broken = (stages[0], Stage("two", refuse, ("seed",), ("one",)), *stages[2:])
    with pytest.raises(DataError, match="no pictures there"):
        run_chain(broken, seed="5")
    assert made(run_chain()) == []
    assert ledger(tmp_path)["running"] == ""


def test_an_output_that_was_not_written_is_made_again_every_time(run_chain):
    forgetful = (Stage("one", lambda run: Made(("nothing.txt",))), *chain()[1:])
    run_chain(forgetful, last="one")
    assert run_chain(forgetful, last="one")[0].reasons == ("nothing.txt is missing",)


def test_recipe_values_are_the_sections_and_the_single_values_asked_for():
    values = recipe_values(read_recipe("quick"), ("seed", "test_time"))
    assert values == {"seed": "0", "test_time.flips": "false", "test_time.shifts": "false"}


def test_a_stage_may_read_one_value_of_a_section():
    values = recipe_values(read_recipe("quick"), ("evaluation.set_coverage", "features.engine"))
    assert values == {"evaluation.set_coverage": "0.95", "features.engine": '"auto"'}
