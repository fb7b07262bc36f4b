"""The queue takes turns between its three reasons, leaves out what is done, and finds the telling pictures."""

from dataclasses import replace

import numpy as np
import pytest

from lowres.values.reviewing.queue import informative_rows, review_queue
from values.watching.synthetic import window

RANDOM = np.random.default_rng(0)


def kept(n=400, **changed):
    one = window(RANDOM, n)
    flags = (one.confidences < 0.7).astype(np.int8)
    return replace(one, **({"has_picture": np.ones(n, bool), "needs_review": flags} | changed))


def test_the_reasons_take_turns():
    one = kept()
    found = review_queue(one, np.zeros(400, bool), 30, audited_share=0.1)
    assert [item.why for item in found[:6]] == ["audit", "unsure", "informative"] * 2
    assert len({item.id for item in found}) == len(found) == 30
    rows = {str(id): row for row, id in enumerate(one.ids)}
    unsure = [one.confidences[rows[item.id]] for item in found if item.why == "unsure"]
    assert unsure == sorted(unsure)
    assert all(one.needs_review[rows[item.id]] == 1 for item in found if item.why == "unsure")


def test_the_audit_is_by_lot_and_the_same_for_everybody():
    one = kept(4000)
    audited = {
        item.id for item in review_queue(one, np.zeros(4000, bool), 4000, audited_share=0.05) if item.why == "audit"
    }
    assert len(audited) == pytest.approx(200, abs=45)
    rows = np.isin(one.ids, list(audited))
    assert one.confidences[rows].mean() == pytest.approx(one.confidences.mean(), abs=0.03)


def test_done_and_unkept_pictures_are_left_out():
    one = kept()
    done = np.zeros(400, bool)
    done[:200] = True
    pictures = np.ones(400, bool)
    pictures[300:] = False
    found = review_queue(replace(one, has_picture=pictures), done, 400)
    rows = {str(id): row for row, id in enumerate(one.ids)}
    assert sorted(rows[item.id] for item in found) == list(range(200, 300))
    assert review_queue(one, np.ones(400, bool), 10) == ()


def test_telling_pictures_are_doubtful_and_unlike_each_other():
    one = kept()
    chosen = informative_rows(one, 40)
    assert len(set(chosen)) == 40
    shares = np.sort(one.probabilities, axis=1)
    doubt = 1 - (shares[:, -1] - shares[:, -2])
    assert doubt[chosen].mean() > 1.5 * doubt.mean()
    # More spread than the forty most doubtful ones.
    spread = lambda rows: np.linalg.norm(one.embeddings[rows].astype(float).std(axis=0))  # noqa: E731
    assert spread(chosen) > 0.9 * spread(np.argsort(-doubt)[:40])
    assert informative_rows(one, 40) == chosen
    assert len(informative_rows(one, 400)) == 400


def test_without_embeddings_doubt_alone_counts():
    one = kept()
    bare = replace(one, embeddings=np.zeros((400, 0), np.float16))
    shares = np.sort(one.probabilities, axis=1)
    assert informative_rows(bare, 5) == np.argsort(shares[:, -1] - shares[:, -2], kind="stable")[:5].tolist()
