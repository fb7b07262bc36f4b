"""A process that waits for others is told from one that computes."""

import time

import pytest

from lowres.files.machine import read_machine
from lowres.pipeline.training.trial import busy_share

pytestmark = pytest.mark.skipif(bool(read_machine().graphics_cards), reason="with a card the processor waits")


def test_time_that_others_had_is_the_share_without_work():
    # Asleep is what a process looks like that nobody lets work.
    began = time.perf_counter(), time.process_time()
    time.sleep(0.2)
    assert busy_share(*began) > 0.8


def test_more_than_one_processor_at_work_is_no_negative_share():
    assert busy_share(time.perf_counter() - 1.0, time.process_time() - 2.0) == 0
