"""The slides tell the ten sections in ten to fourteen pages, whatever the study has and has not."""

from described_study import described_facts, described_records, stages_of_networks
from lowres.faces.practice.bank import practice_sections
from lowres.faces.slides.deck import deck
from lowres.faces.slides.page import slides_page


def slides(facts):
    return deck(facts, practice_sections(facts), ())


def words(slide):
    return "".join(part if isinstance(part, str) else str(part.value) for part in slide.title)


def test_the_described_system_in_fourteen():
    told = slides(described_facts())
    assert len(told) == 14
    assert [slide.kicker for slide in told[5:7]] == ["Phase 1: the head alone", "Phase 2: fine-tuning"]
    assert words(told[2]) == "Scaled twice: to this network all images look alike"
    assert words(told[9]) == "ship is most often taken for airplane"
    assert all(slide.notes for slide in told)


def test_several_networks_are_best_together_and_at_no_epoch():
    alone, together = slides(described_facts()), slides(described_facts(stages=stages_of_networks(0.49, 0.48, 0.47)))
    assert words(alone[6]) == "Best at epoch 25: 0.49"
    assert words(together[6]) == "3 networks together: 0.52"
    one = slides(described_facts(stages=stages_of_networks(0.52)))
    assert words(one[6]) == "Best at epoch 25: 0.52"


def test_without_fine_tuning_it_says_so():
    records = described_records()
    stages = dict(records.stages)
    stages["train"] = type(stages["train"])({}, 0.0, stages["train"].versions)
    told = slides(described_facts(stages=stages, history=records.history[:12]))
    assert "Nothing of the network itself was trained" in [words(slide) for slide in told]
    assert 10 <= len(told) <= 14


def test_no_mistake_at_all_is_a_slide_too():
    perfect = [[1000 if row == column else 0 for column in range(10)] for row in range(10)]
    evaluation = {**described_records().evaluation, "confusion": perfect}
    assert "None: every test image was named correctly" in [
        words(slide) for slide in slides(described_facts(evaluation=evaluation))
    ]


def test_pictures_go_into_the_page_and_missing_ones_are_left_out():
    facts = described_facts()
    page = slides_page(facts, slides(facts), {"confusion_matrix": b"\x89PNG"})
    assert page.count("<img") == 1
    assert "data:image/png;base64,iVBORw" in page
    assert 'title="evaluation.json: accuracy"' in page
