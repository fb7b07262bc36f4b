"""All facts of a study, gathered from the rooms that know a part of it each."""

from __future__ import annotations

from lowres.values.study_facts.data import data_facts
from lowres.values.study_facts.fact import StudyFacts
from lowres.values.study_facts.making import making_facts
from lowres.values.study_facts.network import network_facts
from lowres.values.study_facts.records import StudyRecords
from lowres.values.study_facts.results import result_facts
from lowres.values.study_facts.training import training_facts


def study_facts(records: StudyRecords) -> StudyFacts:
    """Return everything that the records say, by name."""
    rooms = (data_facts, network_facts, training_facts, result_facts, making_facts)
    return StudyFacts(records.source, records.class_names, [fact for room in rooms for fact in room(records)])
