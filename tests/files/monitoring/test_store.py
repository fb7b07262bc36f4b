"""In both databases what goes into the store comes out again, and what is deleted is gone."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from files.monitoring.records import BEGAN, CATS, some_records
from lowres.errors import StoreError
from lowres.files.monitoring.store import open_store
from lowres.values.monitoring.human_label import HumanLabel
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_window import NO_LABEL, UNKNOWN_CLASS


def test_a_window_holds_what_was_written(store, records):
    store.add(records)
    window = store.read_window("cats")
    assert window.ids.tolist() == [one.id for one in records]
    assert window.sha256.tolist() == [one.sha256 for one in records]
    assert window.caller_ids.tolist() == [one.caller_id for one in records]
    assert window.times.tolist() == [one.at.replace(tzinfo=None) for one in records]
    assert window.class_names == CATS.class_names
    assert set(window.versions.tolist()) == {7}
    np.testing.assert_array_equal(window.probabilities, [one.probabilities for one in records])
    np.testing.assert_array_equal(window.predicted, [one.predicted for one in records])
    np.testing.assert_array_equal(window.seconds, np.array([one.seconds for one in records], np.float32))
    assert window.needs_review.tolist() == [{None: -1, True: 1, False: 0}[one.needs_review] for one in records]
    assert window.has_picture.tolist() == [one.picture is not None for one in records]
    for name in STATISTICS:
        np.testing.assert_array_equal(
            window.statistics[name], np.array([one.statistics[name] for one in records], "f4")
        )
    for row, one in zip(window.embeddings, records, strict=True):
        np.testing.assert_array_equal(row, np.full(6, np.nan) if one.embedding is None else one.embedding)
    assert store.read_window("cats", embeddings=False).embeddings.shape == (40, 0)


def test_windows_are_cut_by_time_number_and_count(store, records):
    store.add(records[20:])
    store.add(records[:20])
    ids = [one.id for one in records]
    at = {n: BEGAN + timedelta(seconds=n) for n in (10, 30)}
    assert store.read_window("cats", since=at[10], until=at[30]).ids.tolist() == ids[10:30]
    assert store.count("cats", since=at[10], until=at[30]) == 20
    assert store.read_window("cats", last=3).ids.tolist() == ids[-3:]
    np.testing.assert_array_equal(
        store.read_window("cats", last=3).embeddings, store.read_window("cats").embeddings[-3:]
    )
    assert store.read_window("cats", first=3).ids.tolist() == ids[:3]
    assert store.read_window("cats", ids=[ids[7], ids[2], "nowhere"]).ids.tolist() == [ids[2], ids[7]]
    later = store.read_window("cats", after=20)
    assert later.ids.tolist() == ids[:20]
    assert later.numbers.tolist() == list(range(21, 41))
    assert len(store.read_window("cats", since=at[30] + timedelta(days=1))) == 0


def test_a_window_is_the_same_in_however_many_parts_it_is_fetched(store, records, monkeypatch):
    none = [replace(one, embedding=None) for one in some_records(9, np.random.default_rng(4))]
    store.add([*none, *records])
    whole = store.read_window("cats", last=45)
    monkeypatch.setattr("lowres.files.monitoring.reading._ROWS_AT_ONCE", 4)
    parts = store.read_window("cats", last=45)
    assert parts.ids.tolist() == whole.ids.tolist()
    np.testing.assert_array_equal(parts.embeddings, whole.embeddings)
    assert 9 < np.isnan(whole.embeddings[:, 0].astype(float)).sum() < 45
    only = store.read_window("cats", until=none[1].at, first=1)
    assert only.embeddings.shape == (1, 0)


def test_a_trend_is_what_numpy_makes_of_the_window(store, records):
    store.add(records)
    store.add(some_records(9, np.random.default_rng(4), began=BEGAN + timedelta(minutes=3)))
    trend = store.read_trend("cats", span=timedelta(seconds=12))
    window = store.read_window("cats")
    starts = window.times.astype(np.int64) // 12_000_000 * 12_000_000
    assert trend.starts.astype(np.int64).tolist() == sorted(set(starts.tolist()))
    assert len(trend) == 5
    for place, start in enumerate(trend.starts.astype(np.int64)):
        part = window.rows(starts == start)
        assert trend.counts[place] == len(part)
        assert trend.by_class[place].tolist() == np.bincount(part.predicted, minlength=3).tolist()
        flags = part.needs_review[part.needs_review >= 0]
        p = part.probabilities.astype(float)
        wanted = [part.confidences.mean(), -(p * np.log(p)).sum(axis=1).mean(), np.nanmean(part.seconds), flags.mean()]
        found = [trend.confidences[place], trend.entropies[place], trend.seconds[place], trend.review_shares[place]]
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
        for name in STATISTICS:
            np.testing.assert_allclose(trend.statistics[name][place], part.statistics[name].mean(), rtol=1e-5)
    assert len(store.read_trend("cats", span=timedelta(hours=1), until=BEGAN)) == 0
    with pytest.raises(StoreError, match="expected spans of a microsecond or more"):
        store.read_trend("cats", span=timedelta(0))


def test_versions_are_told_apart(store, records):
    newer = replace(CATS, version=9, review_threshold=float("inf"))
    store.add(records)
    store.add(some_records(5, np.random.default_rng(1), newer))
    other = replace(CATS, name="birds", class_names=("tit", "owl"), review_threshold=None)
    store.add(some_records(2, np.random.default_rng(2), other))
    assert store.models() == (other, newer, CATS)
    assert (store.count("cats"), store.count("cats", 9), store.count("birds")) == (45, 5, 2)
    assert set(store.read_window("cats", 9).versions.tolist()) == {9}
    with pytest.raises(
        StoreError, match=r"expected a model among those recorded \(birds 7, cats 9, cats 7\), got cows"
    ):
        store.read_window("cows")


def test_versions_that_do_not_go_together_are_read_apart(store, records):
    store.add(records)
    store.add(some_records(5, np.random.default_rng(1), replace(CATS, version=8), channels=9))
    with pytest.raises(StoreError, match=r"expected embeddings of one length, got 6, 9 channels; read one version"):
        store.read_window("cats")
    assert store.read_window("cats", 8).embeddings.shape == (5, 9)
    store.add(some_records(1, np.random.default_rng(1), replace(CATS, version=9, class_names=("cat", "dog"))))
    with pytest.raises(StoreError, match=r"expected one set of classes in all versions of cats, got 3 in version 8"):
        store.read_window("cats", embeddings=False)


def test_pictures_come_back_to_the_pixel(store, records):
    store.add(records)
    found = store.read_pictures([one.id for one in records[:5]] + ["nobody"])
    assert list(found) == [records[0].id, records[3].id]
    np.testing.assert_array_equal(found[records[3].id], records[3].picture)


def test_a_batch_is_written_whole_or_not_at_all(store, records):
    store.add(records[:10])
    with pytest.raises(StoreError, match=r"expected the store .* to do as asked, got .*(UNIQUE|unique)"):
        store.add([*records[20:30], records[5]])
    assert store.count("cats") == 10


def test_losses_add_up_by_reason(store):
    for count, reason in ((3, "queue full"), (4, "queue full"), (1, "refused")):
        store.add_loss(count, reason)
    assert store.lost() == {"queue full": 7, "refused": 1}


def said(record, reviewer, name, second, withdrawn=False):
    return HumanLabel(record.id, reviewer, name, BEGAN + timedelta(seconds=second), withdrawn)


def test_the_last_label_of_each_reviewer_stands_and_all_must_agree(store, records):
    store.add(records)
    agreed, parted, changed, withdrawn, unsure, strange, *_ = records
    given = [
        said(agreed, "ann", "dog", 1), said(agreed, "bob", "dog", 2),
        said(parted, "ann", "dog", 3), said(parted, "bob", "cat", 4),
        said(changed, "ann", "dog", 5), said(changed, "ann", "bird", 6),
        said(withdrawn, "ann", "dog", 7), said(withdrawn, "ann", None, 8, withdrawn=True),
        said(unsure, "ann", None, 9), said(unsure, "bob", "cat", 10),
        said(strange, "ann", "zebra", 11),
    ]  # fmt: skip
    store.label(given)
    assert store.read_window("cats").labels[:7].tolist() == [1, NO_LABEL, 2, NO_LABEL, 0, UNKNOWN_CLASS, NO_LABEL]
    assert store.read_labels("cats") == tuple(given)
    assert store.read_labels(ids=[parted.id]) == tuple(given[2:4])
    with pytest.raises(StoreError, match=r"expected records that are kept, got nobody"):
        store.label([replace(given[0], record_id="nobody")])


def test_a_record_is_found_and_deleted_with_all_that_belongs_to_it(store, records):
    store.add(records)
    store.label([said(records[6], "ann", "dog", 1)])
    assert store.find("request 3") == (records[6].id, records[7].id)
    assert store.find(records[6].sha256) == (records[6].id,) == store.find(records[6].id)
    assert store.delete([*store.find("request 3"), "nobody"]) == 2
    assert store.count("cats") == 38
    assert store.read_pictures([records[6].id]) == {}
    assert store.read_labels() == ()
    assert store.delete([one.id for one in records]) == 38
    # A number is never given twice, so that whoever follows them misses nothing.
    store.add(some_records(1, np.random.default_rng(5)))
    assert store.read_window("cats").numbers.tolist() == [41]


def test_pictures_and_records_are_swept_by_age(store, records):
    store.add(records)
    assert store.sweep(pictures_before=BEGAN + timedelta(seconds=30)) == 10
    assert store.read_window("cats").has_picture.nonzero()[0].tolist() == [30, 33, 36, 39]
    assert store.count("cats") == 40
    assert store.sweep(records_before=BEGAN + timedelta(seconds=35)) == 35
    assert store.read_window("cats").ids.tolist() == [one.id for one in records[35:]]


def test_what_was_deleted_is_in_no_file_of_sqlite(tmp_path):
    secret = np.frombuffer(b"a picture that nobody may find " * 100, np.uint8)[:3072].reshape(32, 32, 3)
    records = some_records(30, np.random.default_rng(0), picture=secret, caller_id="the caller's own name")
    path = tmp_path / "records.sqlite"
    from lowres.files.monitoring.adding import encoded

    needles = (encoded(secret)[60:120], b"the caller's own name", records[4].embedding.tobytes())
    with open_store(str(path)) as store:
        store.add(records)
        assert all(needle in everything(tmp_path) for needle in needles)
        store.delete([one.id for one in records])
        assert not any(needle in everything(tmp_path) for needle in needles)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")))


def test_two_that_write_at_once_wait_for_each_other(address, records):
    from threading import Thread

    with open_store(address) as one, open_store(address) as other:
        writers = [
            Thread(target=lambda store, part: [store.add([row]) for row in part], args=pair)
            for pair in ((one, records[:20]), (other, records[20:]))
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert one.read_window("cats").ids.tolist() == [row.id for row in records]
        assert len(one.models()) == 1


def test_what_cannot_be_reached_is_told_without_its_password(tmp_path):
    with pytest.raises(StoreError, match=r"expected a folder for the store at .*nowhere, got none"):
        open_store(str(tmp_path / "nowhere" / "records.sqlite"))
    with pytest.raises(StoreError, match=r"expected a store of records at .*, got no file; lowres serve --record"):
        open_store(str(tmp_path / "records.sqlite"), make=False)
    with pytest.raises(StoreError, match="expected a store of records at postgresql") as told:
        open_store("postgresql://me:secret@127.0.0.1:1/records")
    assert not re.search("secret", str(told.value))
