"""Every command answers in words and numbers a person and a script can use, whatever they typed."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from lowres.cli import verbs
from lowres.cli.application import application
from lowres.cli.stage_commands import VERBS
from lowres.cli.verbs import show_backbones
from lowres.faces.report.learned_words import doubts_of_file
from lowres.pipeline.study import ASIDE, STAGES, run_study
from tiny_study import lowres, tiny_choice, tiny_words, write_pictures

# The promise is for a free machine; a test machine may be busy with other things.
SECONDS, BUSY_MACHINE_FACTOR = 1.5, 3


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study, for looking at only."""
    folder = tmp_path_factory.mktemp("finished") / "study"
    run_study(tiny_choice(folder))
    return folder


@pytest.fixture
def refused(tmp_path):
    """Run a command that must be refused, in an empty folder; return what it says on stderr."""

    def run(*words):
        done = lowres(*words, cwd=tmp_path)
        assert done.returncode == 2, done
        assert done.stderr.startswith(("lowres: ", "Usage: "))
        assert "Traceback" not in done.stderr
        return done.stderr

    return run


def test_a_finished_study_answers_at_once_and_loads_nothing_heavy(finished):
    heavy = ("keras", "tensorflow", "openvino", "sklearn", "scipy", "matplotlib", "jinja2", "PIL", "h5py")
    program = (
        "import sys; from lowres.cli import main\n"
        "try: main()\n"
        f"finally: print('heavy:', *(set(sys.modules) & set({heavy})))"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, "study", *tiny_words(finished)], capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    assert done.returncode == 0
    assert done.stdout.count("unchanged") == len(STAGES)
    assert done.stdout.splitlines()[-1] == "heavy:"
    assert seconds < SECONDS * BUSY_MACHINE_FACTOR


def test_it_ends_with_accuracy_interval_report_and_time(finished):
    done = lowres("study", str(finished))
    assert done.stdout.startswith("images    unchanged  digits: 1,797 images of 8x8 pixels in 10 classes, from scikit")
    accuracy, report, study, seconds = done.stdout.splitlines()[-4:]
    assert accuracy.startswith("accuracy  ")
    assert "on 360 test images, 95 % interval" in accuracy
    assert report == f"report    {finished / 'report.html'}"
    assert study == f"study     {finished}"
    assert seconds.startswith("time      ")


def test_json_is_one_object_on_stdout_and_progress_is_on_stderr(finished):
    done = lowres("study", str(finished), "--json")
    answer = json.loads(done.stdout)
    evaluation = json.loads((finished / "evaluation.json").read_text())
    assert answer["accuracy"] == evaluation["accuracy"]
    assert answer["accuracy_interval"] == evaluation["accuracy_interval"]
    assert answer["report"] == str(finished / "report.html")
    assert answer["warnings"] == doubts_of_file(evaluation)
    assert [stage["made"] for stage in answer["stages"]] == [False] * len(STAGES)
    assert done.stderr.count("unchanged") == len(STAGES)


def test_every_verb_names_a_stage():
    assert {stage for stage, _ in VERBS.values()} <= {stage.name for stage in (*STAGES, *ASIDE)}


def test_a_verb_brings_a_study_to_its_stage(tmp_path):
    done = lowres("split", *tiny_words(tmp_path / "study"), "--json")
    assert [stage["name"] for stage in json.loads(done.stdout)["stages"]] == ["images", "split"]
    assert (tmp_path / "study" / "split.csv").is_file()
    assert not (tmp_path / "study" / "model.keras").exists()


def test_check_tells_what_was_found_and_leaves_with_1_where_a_check_failed(tmp_path):
    folder = write_pictures(tmp_path / "pictures", classes=("dark", "light"))
    done = lowres("check", str(folder), "--study", str(tmp_path / "study"))
    assert done.returncode == 0
    assert "WARN  small classes: fewer than 30 images" in done.stdout
    for name in ("02.png", "03.png"):
        shutil.copy(folder / "dark" / name, folder / "light" / f"copy-{name}")
    done = lowres("check", str(folder), "--study", str(tmp_path / "study"))
    assert done.returncode == 1
    assert "FAIL  conflicting labels: 4 of 26 images" in done.stdout


@pytest.fixture(scope="module")
def scaled_twice(tmp_path_factory):
    """The words for a study of the described mistake, its folder among them."""
    return tiny_words(tmp_path_factory.mktemp("twice") / "study", network__scaling="unit-then-contract")


@pytest.mark.slow
def test_preflight_tells_every_finding_the_gravest_last_and_leaves_with_1(scaled_twice):
    done = lowres("preflight", *scaled_twice)
    assert done.returncode == 1, done.stderr
    assert "PASS  logits: " in done.stdout
    assert done.stdout.rindex("PASS  save and reload") < done.stdout.rindex("FAIL  feature spread")
    assert "FAIL  input range: pixels are scaled twice" in done.stdout
    assert done.stdout.splitlines()[-2].startswith("study     ")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_training_that_preflight_forbids_is_refused_until_it_is_accepted(scaled_twice):
    refused = lowres("train", *scaled_twice)
    assert refused.returncode == 2
    assert refused.stderr.startswith("lowres: expected a training that can learn, got one that")
    trained = lowres("train", *scaled_twice, "--accept", "preflight")
    assert trained.returncode == 0, trained.stderr
    # It stays accepted, and is told from what stands.
    done = lowres("preflight", *scaled_twice, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["accepted"]) == (1, "FAIL", True)
    assert {"name", "status", "measured", "repair"} == set(told["findings"][0])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["study", "digits", "--accept", "everything"], "'everything' is not one of 'preflight'"),
        (["study", "./nowhere"], "got 'nowhere', which is not there"),
        (["study", "cifar-10"], "did you mean cifar10?"),
        (["study", "digits", "--recipe", "quik"], "did you mean 'quick'?"),
        (["study", "digits", "--recipe", "none.toml"], "expected a recipe in none.toml, which cannot be read"),
        (["study", "digits", "--set", "network.input_pixel=9"], "did you mean 'network.input_pixels'?"),
        (["study", "digits", "--set", "network.input_pixels=2"], "network.input_pixels in --set: "),
        (["study", "digits", "--set", "seed"], "expected KEY=VALUE after --set, got 'seed'"),
        (["study", "digits", "--from", "none.tar.gz"], "after --from, got none.tar.gz, where nothing is"),
        (["stduy"], "No such command 'stduy'. Did you mean 'study'?"),
        (["study", "--colour"], "No such option: --colour"),
        (["recipes", "quik"], "did you mean 'quick'?"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence_and_2(refused, words, expected):
    assert expected in refused(*words)


def test_a_refused_source_leaves_no_study_behind(refused, tmp_path):
    refused("study", "./nowhere")
    (tmp_path / "empty").mkdir()
    assert "empty" in refused("study", "empty")
    write_pictures(tmp_path / "one", classes=("dark",))
    assert "at least two class folders" in refused("study", "one")
    assert not list((tmp_path / "studies").iterdir())


def test_a_damaged_picture_is_refused_unless_it_may_be_left_out(refused, tmp_path):
    write_pictures(tmp_path / "pictures")
    (tmp_path / "pictures" / "dark" / "03.png").write_bytes(b"no picture")
    assert "--skip-damaged" in refused("check", "pictures")
    done = lowres("check", "pictures", "--skip-damaged", "--json", cwd=tmp_path)
    assert done.returncode == 0
    # The study remembers it.
    done = lowres("check", "studies/pictures-transfer", "--json", cwd=tmp_path)
    assert [stage["made"] for stage in json.loads(done.stdout)["stages"]] == [False]


def test_a_folder_with_other_things_is_refused(refused, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    assert "expected a study or an empty folder for one, got thesis" in refused("study", "digits", "--study", "thesis")


def test_a_place_nobody_may_write_is_refused(refused):
    assert "expected a place for the study, got /sys/study" in refused("study", "digits", "--study", "/sys/study")


def test_recipes_are_listed_and_one_is_explained():
    assert "lowres study cifar10" in lowres("recipes").stdout
    shown = lowres("recipes", "quick").stdout
    assert "# Side in pixels the trunk sees; resizing is inside it.\ninput_pixels = 224" in shown
    assert json.loads(lowres("recipes", "quick", "--json").stdout)[0]["name"] == "quick"


@pytest.mark.slow
def test_backbones_are_listed(capsys):
    show_backbones(as_json=True)
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["efficientnet-lite0"]["default_pixels"] == 224
    assert rows["resnet50"]["channels"] == 2048
    assert rows["resnet50"]["has_weights"]
    assert not rows["densenet121"]["has_weights"]
    assert (rows["wrn-28-10"]["is_drawn"], rows["wrn-28-10"]["default_pixels"]) == (True, 32)
    show_backbones(as_json=False)
    shown = capsys.readouterr().out
    assert "efficientnet-lite0" in shown
    assert re.search(r"^resnet20 .* no weights: trained from scratch$", shown, re.MULTILINE)
    assert re.search(r"^densenet121 .* weights by --from and network.weights_sha256$", shown, re.MULTILINE)


def test_a_recipe_as_it_is_shown_is_a_recipe(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(lowres("recipes", "quick").stdout, encoding="utf-8")
    shown = json.loads(lowres("recipes", str(path), "--json").stdout)
    assert shown == json.loads(lowres("recipes", "quick", "--json").stdout)


@pytest.mark.slow
def test_doctor_looks_at_this_machine(tmp_path):
    done = lowres("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == (1 if any(row["status"] == "FAIL" for row in findings.values()) else 0)
    assert {"keras", "backend", "processor", "memory", "graphics card", "cache folder"} <= set(findings)


def test_the_version_is_told():
    from lowres import __version__

    assert lowres("--version").stdout.strip() == __version__


def test_no_words_at_all_are_answered_with_help():
    done = lowres()
    assert "Commands:" in done.stdout + done.stderr


def test_what_the_system_refuses_is_told_in_a_sentence(monkeypatch):
    def gone(*_, **__):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), "/far/study.json")

    monkeypatch.setattr(verbs, "show_recipes", gone)
    done = CliRunner().invoke(application, ["recipes"])
    assert done.exit_code == 2
    assert "got OSError at /far/study.json: Stale file handle; what was whole before still is" in done.stderr


def test_whoever_stops_reading_is_not_told_of_it():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "lowres", "recipes"], stdout=nobody, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (1, "")
