"""What the server knows of itself: numbers for Prometheus, and one line of JSON for every request."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lowres.faces.serving.recording import Recorder
from lowres.faces.serving.served_model import ServedModel
from lowres.faces.serving.shelf import Shelf
from lowres.faces.serving.visit import Visit

ACCESS = "lowres.access"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_PICTURES = (1, 2, 4, 8, 16, 32, 64)
_log = logging.getLogger(ACCESS)


class Observations:
    """Counts requests, pictures and batches; a registry of its own, so that two servers in one process are two."""

    def __init__(self, shelf: Shelf, recorder: Recorder | None = None) -> None:
        """Count from nothing. recorder: counts for itself, and is asked."""
        self._registry = CollectorRegistry()
        by_model = ("model", "version")
        self._requests = Counter(
            "lowres_requests", "Requests answered.", ("route", "status", *by_model), registry=self._registry
        )
        self._seconds = Histogram(
            "lowres_request_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._pictures = Counter("lowres_pictures", "Pictures answered.", by_model, registry=self._registry)
        self._batches = Histogram(
            "lowres_batch_pictures", "Pictures a batch.", by_model, buckets=_PICTURES, registry=self._registry
        )
        self._batch_seconds = Counter(
            "lowres_batch_seconds", "Seconds the network worked.", by_model, registry=self._registry
        )
        self._registry.register(_Waiting(shelf))
        if recorder is not None:
            self._registry.register(_Recording(recorder))
        ProcessCollector(registry=self._registry)

    def request(self, visit: Visit, status: int, seconds: float) -> None:
        """Note a request that is over, and log it."""
        version = str(visit.version or "")
        self._requests.labels(visit.route, str(status), visit.model, version).inc()
        self._seconds.labels(visit.route).observe(seconds)
        if visit.pictures and status < 300:
            self._pictures.labels(visit.model, version).inc(visit.pictures)
        if _log.isEnabledFor(logging.INFO):
            _log.info(_line(visit, status, seconds))

    def batch(self, model: ServedModel, pictures: int, seconds: float) -> None:
        """Note a batch."""
        labels = (model.name, str(model.version))
        self._batches.labels(*labels).observe(pictures)
        self._batch_seconds.labels(*labels).inc(seconds)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)


class _Waiting(Collector):
    """What is counted when it is asked for: pictures that wait, and which versions there are."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("lowres_waiting_pictures", "Pictures that wait.", labels=("model", "version"))
        answers = GaugeMetricFamily(
            "lowres_model_is_current",
            "1 for the version that answers where none is named.",
            labels=("model", "version", "identity", "engine"),
        )
        for (name, version), pictures in self._shelf.waiting().items():
            waiting.add_metric((name, str(version)), pictures)
        for name in self._shelf.names:
            for version, model in self._shelf.loaded(name).items():
                labels = (name, str(version), model.identity, model.engine)
                answers.add_metric(labels, float(self._shelf.current(name) == version))
        yield waiting
        yield answers


class _Recording(Collector):
    """What became of the predictions that were to be recorded."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def collect(self) -> Iterator[Metric]:
        lost = CounterMetricFamily("lowres_lost_records", "Predictions that were not recorded.", labels=("reason",))
        for reason, count in self._recorder.lost.items():
            lost.add_metric((reason,), count)
        yield lost
        yield CounterMetricFamily("lowres_records", "Predictions written into the store.", self._recorder.written)
        yield GaugeMetricFamily("lowres_unwritten_records", "Predictions that wait.", self._recorder.waiting)
        yield GaugeMetricFamily(
            "lowres_store_is_failing", "1 while the store takes nothing.", float(self._recorder.is_failing)
        )


def _line(visit: Visit, status: int, seconds: float) -> str:
    facts = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "id": visit.id,
        "client": visit.client,
        "method": visit.method,
        "path": visit.path,
        "status": status,
        "ms": round(1000 * seconds, 2),
        "bytes": visit.body_bytes,
    }
    if visit.model:
        facts |= {"model": visit.model, "version": visit.version, "pictures": visit.pictures}
    return json.dumps(facts, ensure_ascii=True)
