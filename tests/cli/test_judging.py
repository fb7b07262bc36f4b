"""The commands about results answer in words and in JSON, and refuse what would choose by the test part."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from lowres.cli import judging
from lowres.cli.application import application


@pytest.fixture
def files(tmp_path):
    """A folder with test and validation outputs of one network and test outputs of a better one."""
    for name, seed, prefix, strength in (("test", 1, "t", 2.0), ("validation", 2, "v", 2.0), ("better", 3, "t", 3.5)):
        random = np.random.default_rng(seed)
        labels = np.arange(400) % 4
        logits = random.normal(size=(400, 4))
        logits[np.arange(400), labels] += strength
        ids = np.array([f"{prefix}{row}" for row in range(400)])
        np.savez(tmp_path / f"{name}.npz", ids=ids, labels=labels, logits=logits, class_names=np.array(list("abcd")))
    return tmp_path


@pytest.fixture
def say(files, monkeypatch):
    """Run the command line in the folder; return what it answers, or what it says when it refuses."""
    monkeypatch.chdir(files)

    def run(*words, code=0):
        done = CliRunner().invoke(application, words, catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_a_file_is_judged_in_words(say, files):
    (files / "m.csv").write_text("\n".join(["id,half", *(f"t{row},{row // 200}" for row in range(400))]))
    told = say("evaluate", "--predictions", "test.npz", "--validation", "validation.npz", "--metadata", "m.csv",
               "--set", "evaluation.review_error=0.2", "--set", "evaluation.target_accuracy=0.99")  # fmt: skip
    assert told.startswith("read      400 rows of logits, 4 classes\naccuracy  ")
    for words in ("on 400 images, 95 % interval", "target    99.00%: missed by", "balanced", "top-2", "confused  ",
                  "15 equal-width bins", "(equal mass)", "temperature", "need no person: error at most 20.00%",
                  "LAC: sets for 95% hold the true class in", "APS: ", "slices    half"):  # fmt: skip
        assert words in told
    assert not {"absent", "warning"} & set(told.split())


def test_one_answer_to_everything_is_warned_of(say, files):
    rows = ["id,label,predicted", *(f"{row},{row % 4},2" for row in range(400))]
    (files / "constant.csv").write_text("\n".join(rows))
    told = say("evaluate", "--predictions", "constant.csv")
    assert "\nwarning   It has learned next to nothing: " in told
    assert (
        "\nwarning   It calls 100\N{NO-BREAK SPACE}% of the pictures 2, which 25\N{NO-BREAK SPACE}% of them are."
        in told
    )


def test_json_holds_the_keys_of_an_evaluation(say):
    data = json.loads(say("evaluate", "--predictions", "test.npz", "--json"))
    with np.load("test.npz") as file:
        assert data["accuracy"] == (file["logits"].argmax(axis=1) == file["labels"]).mean()
    assert data["kind"] == "logits"
    assert set(data["absent"]) >= {"temperature", "review", "conformal"}
    assert "absent    temperature" in say("evaluate", "--predictions", "test.npz")


def test_too_little_validation_says_what_it_would_take(say):
    told = say("evaluate", "--predictions", "test.npz", "--validation", "validation.npz")
    assert "no confidence keeps the error below 1.00% for certain: 400 validation images vouch for" in told
    assert "1.00% takes 597 answers without a mistake" in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--predictions", "test.npz", "--validation", "test.npz"), "the judged file itself"),
        (("--predictions", "test.npz", "--validation", "better.npz"), "got 400 of 400 judged images in both"),
        (("--predictions", "test.npz", "digits"), "--predictions FILE or a study to evaluate, got both"),
        (("--labels", "test.npz"), "expected --predictions beside --labels"),
        (("--predictions", "test.npz", "--set", "seed=1"), "only keys of evaluation after --set beside --predictions"),
        (("--predictions", "test.npz", "--set", "evaluation.review_error=2"), "evaluation.review_error in --set"),
        (("--predictions", "test.npz", "--kind", "votes"), "'votes' is not one of"),
        (("--predictions", "none.npz"), "expected outputs at none.npz, where no file is"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence_and_2(say, words, expected):
    assert expected in " ".join(say("evaluate", *words, code=2).split())


def test_two_results_are_compared_in_words_and_json(say):
    told = say("compare", "test.npz", "better.npz")
    data = json.loads(say("compare", "test.npz", "better.npz", "--json"))
    pair = data["pairs"][0]
    assert f"pair      better.npz against test.npz: {100 * pair['difference']:+.2f} points" in told
    assert "exact McNemar)\n" in told
    assert f"gained {len(pair['gained'])}: {pair['gained'][0]}" in told
    assert "pick on validation" in told
    assert "corrected for 3 pairs (Holm)" in say("compare", "test.npz", "better.npz", _third(), code=0)


def _third():
    with np.load("test.npz") as file:
        arrays = dict(file)
    np.savez("third.npz", **(arrays | {"logits": -arrays["logits"]}))
    return "third.npz"


def test_other_images_are_not_compared(say):
    told = say("compare", "test.npz", "validation.npz", code=2)
    assert "expected test.npz and validation.npz to be judged on the same images, got 0 in both, 400 only in" in told


def test_seeds_are_told_in_words_and_json(say):
    told = say("seeds", "test.npz", "better.npz", "--difference", "0.01")
    data = json.loads(say("seeds", "test.npz", "better.npz", "--difference", "0.01", "--json"))
    assert told.startswith(f"runs      mean {data['runs']['mean']:.2%} of 2 seeds, deviation")
    assert "for each of two methods to see 1.00 points (80 % power, 5 % level" in told
    told = say("seeds", "test.npz", "better.npz", "--against", _third(), code=2)
    assert "expected at least two runs, got 1" in told


def test_a_study_is_judged_by_what_its_own_recipe_asks_for(say, files):
    (files / "study").mkdir()
    (files / "study" / "recipe.toml").write_text(
        'name = "x"\n[evaluation]\nreview_error = 0.4\ntarget_accuracy = 0.5\n'
    )
    (files / "study" / "study.json").write_text("{}")
    # Nothing was predicted there, which is told before anything else is read.
    assert "expected predictions in the study study, got none" in say("evaluate", "--predictions", "study", code=2)
    choices = judging._choices(files / "study", ["evaluation.target_accuracy=0.7"])
    assert (choices.review_error, choices.target_accuracy, choices.set_coverage) == (0.4, 0.7, 0.95)
