"""Versions come, go and answer; whoever holds one keeps it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from faces.serving.served import model, pictures
from lowres.errors import NotServed
from lowres.faces.serving.batcher import Batcher
from lowres.faces.serving.shelf import Shelf, State, VersionState

LONGEST_SECONDS = 20


@pytest.fixture
def shelf():
    shelf = Shelf(lambda one: Batcher(one.answer, batch_pictures=4, waiting_pictures=8))
    shelf.add("colours")
    yield shelf
    shelf.close()


def test_a_name_without_a_version_is_not_ready(shelf):
    assert not shelf.is_ready
    with pytest.raises(NotServed, match=r"Servable not found for request: Latest\(colours\)"):
        shelf.model("colours")
    shelf.put(model(version=1))
    assert shelf.is_ready


def test_a_new_version_answers_when_it_is_chosen(shelf):
    shelf.put(model(version=1))
    shelf.put(model(version=2))
    assert shelf.model("colours").version == 1
    shelf.choose("colours", 2)
    assert (shelf.model("colours").version, shelf.model("colours", 1).version) == (2, 1)
    with pytest.raises(NotServed, match=r"Specific\(colours, 9\)"):
        shelf.choose("colours", 9)


def test_a_dropped_version_goes_when_its_last_request_is_answered(shelf):
    shelf.put(model(version=1))
    shelf.put(model(version=2))
    with ThreadPoolExecutor() as pool:
        with shelf.hold("colours", 1) as held:
            dropping = pool.submit(shelf.drop, "colours", 1)
            with pytest.raises(TimeoutError):
                dropping.result(0.2)
            with pytest.raises(NotServed, match="Specific"):
                shelf.model("colours", 1)
            assert held.batcher.submit(pictures(1)).result(LONGEST_SECONDS).shape == (1, 3)
            assert VersionState(1, State.UNLOADING) in shelf.states("colours")
        dropping.result(LONGEST_SECONDS)
    assert shelf.states("colours") == (VersionState(2, State.AVAILABLE), VersionState(1, State.END))
    assert shelf.model("colours").version == 2


def test_one_of_the_same_number_takes_its_place(shelf):
    shelf.put(model(version=1))
    with ThreadPoolExecutor() as pool:
        with shelf.hold("colours") as held:
            putting = pool.submit(shelf.put, model(version=1, identity="other"))
            with pytest.raises(TimeoutError):
                putting.result(0.2)
            assert held.model.identity == "colours-1"
            assert shelf.model("colours").identity == "other"
            assert np.isfinite(held.batcher.submit(pictures(1)).result(LONGEST_SECONDS)).all()
        putting.result(LONGEST_SECONDS)


def test_what_does_not_answer_is_remembered_until_forgotten(shelf):
    shelf.note("colours", VersionState(7, State.END, "no model.keras"))
    assert shelf.states("colours")[0].problem == "no model.keras"
    shelf.forget("colours", 7)
    assert shelf.states("colours") == ()
    with pytest.raises(NotServed, match="served are colours"):
        shelf.states("shapes")


def test_without_a_name_the_only_model_is_meant(shelf):
    shelf.put(model(version=1))
    assert shelf.model(None).name == "colours"
    shelf.add("shapes")
    with pytest.raises(NotServed, match="served are colours, shapes"):
        shelf.model(None)
