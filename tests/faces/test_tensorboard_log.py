"""What TensorFlow's own reader finds in the event files is what history.csv holds, and nothing twice."""

from pathlib import Path

import pytest

from lowres.errors import MissingDependency
from lowres.faces import tensorboard_log
from lowres.faces.tensorboard_log import TrainingLog
from lowres.values.training.history import FINE_TUNING, FROZEN, EpochRow

pytest.importorskip("tensorboard", reason="NOT TESTED: event files; pip install 'lowres[track]'")


def row(phase, epoch, head="", rate=1e-3, loss=0.5):
    return EpochRow(phase, epoch, head, rate, loss, 0.75, 0.6, 0.7, 3.0)


SOLVED = row(FROZEN, None, "linear 0.01", rate=None)
EPOCHS = tuple(row(FINE_TUNING, number, loss=1 / number) for number in (1, 2, 3))


def records(path: Path) -> list[tuple[int, dict[str, float]]]:
    """Step and scalars of each event, read by TensorFlow, which knows nothing of the package that wrote them."""
    tensorflow = pytest.importorskip("tensorflow", reason="NOT TESTED: event files read back; no TensorFlow here")
    from tensorflow.core.util.event_pb2 import Event

    events = [Event.FromString(one) for one in tensorflow.data.TFRecordDataset(str(path)).as_numpy_iterator()]
    assert events[0].file_version == "brain.Event:2"
    return [(one.step, {value.tag: value.simple_value for value in one.summary.value}) for one in events[1:]]


def files(folder: Path, run: str) -> list[Path]:
    return sorted((folder / "a-study" / run).glob("events.out.tfevents.*"))


def test_every_row_is_there_in_the_run_of_its_phase(tmp_path):
    TrainingLog(tmp_path, "a-study").complete((SOLVED, *EPOCHS))
    (frozen,) = files(tmp_path, "frozen-linear-0.01")
    assert [step for step, _ in records(frozen)] == [0]
    assert "learning_rate" not in records(frozen)[0][1]
    (tuned,) = files(tmp_path, "fine-tuning")
    found = records(tuned)
    assert [step for step, _ in found] == [1, 2, 3]
    assert [scalars["loss/train"] for _, scalars in found] == pytest.approx([1, 1 / 2, 1 / 3])
    assert found[0][1] == pytest.approx(
        {
            "loss/train": 1.0, "loss/validation": 0.6, "accuracy/train": 0.75, "accuracy/validation": 0.7,
            "learning_rate": 1e-3,
        }
    )  # fmt: skip


def test_an_epoch_can_be_read_while_the_training_runs_and_again_once_it_ended(tmp_path):
    log = TrainingLog(tmp_path, "a-study")
    for number, one in enumerate(EPOCHS, start=1):
        log.add(one)
        assert len(records(*files(tmp_path, "fine-tuning"))) == number
    log.complete(EPOCHS)
    assert [step for step, _ in records(*files(tmp_path, "fine-tuning"))] == [1, 2, 3]


def test_a_training_begun_anew_replaces_the_last_and_no_others_files(tmp_path):
    first = TrainingLog(tmp_path, "a-study")
    first.add(EPOCHS[0])
    first.close()
    others = tmp_path / "a-study" / "fine-tuning" / "events.out.tfevents.1.somebody.else"
    others.write_bytes(b"kept")
    again = TrainingLog(tmp_path, "a-study")
    again.add(EPOCHS[0])
    again.close()
    (own,) = (path for path in files(tmp_path, "fine-tuning") if path != others)
    assert len(records(own)) == 1
    assert others.read_bytes() == b"kept"


def test_a_training_that_goes_on_keeps_what_an_earlier_attempt_wrote(tmp_path):
    for attempt in (EPOCHS[:2], EPOCHS[2:]):
        log = TrainingLog(tmp_path, "a-study")
        for one in attempt:
            log.add(one)
        log.close()
    steps = {step for path in files(tmp_path, "fine-tuning") for step, _ in records(path)}
    assert steps == {1, 2, 3}


def test_without_the_package_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(tensorboard_log.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"expected the package tensorboard .* pip install 'lowres\[track\]'"):
        TrainingLog(tmp_path, "a-study")
