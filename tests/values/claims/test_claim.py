"""Claims are found where a person finds them, and judged as a person judges them: lists worked by hand."""

from dataclasses import replace

import pytest

from described_study import described_facts, described_records
from lowres.values.claims.claim import claims_of

# Sentences of the described document, with what a reader says of each number: y, n (the document contradicts itself or
# its own arithmetic), u (no study can know). The study is the document's own (tests/described_study.py).
DOCUMENT = """
# CIFAR-10 Classification - Practice Q&A

## Section 1: Environment Setup & Imports

**Q6: What GPU are you using and what are its limitations?**
A: NVIDIA Quadro T1000 with 2.2GB available VRAM. The main limitation is memory - we use batch size 32.

**Q7: Why use TensorFlow 2.20 specifically?**
A: It's the latest stable version with Keras 3.x integration.

## Section 2: Data Loading & Exploration

**Q1: Why use a 10K subset instead of the full 50K CIFAR-10 training set?**
A: Course specification requirement.

**Q3: What are the exact split sizes?**
A: Train: 8,000 images (80%), Validation: 2,000 images (20%), Test: 10,000 images (holdout from CIFAR-10 test set).

## Section 3: Data Preprocessing

**Q6: How much total memory does the normalized dataset require?**
A: Train: 93.8 MB, Val: 23.5 MB, Test: 117.2 MB. Total ~235 MB for images alone.

## Section 5: Model Architecture

**Q5: How many parameters are trainable with frozen base?**
A: 527,114 (2.01 MB). This is just the custom head - the 23.6M ResNet50 parameters are frozen.

**Q7: What is the total model size?**
A: 24.1M parameters (91.99 MB). Only 2% is trainable initially.

## Section 6: Training Phase 1 (Frozen Base)

**Q3: What is the expected loss for random guessing?**
A: log(10) ≈ 2.303. Our Phase 1 loss was ~2.30, confirming random-level performance.

**Q7: How long did Phase 1 training take?**
A: ~15 minutes for 12 epochs (early stopped).

**Q8: What callbacks were used?**
A: EarlyStopping (patience=5), ReduceLROnPlateau (factor=0.5, patience=3), ModelCheckpoint (save best val_accuracy).

## Section 7: Training Phase 2 (Fine-tuning)

**Q2: Why use a lower learning rate (1e-4 vs 1e-3)?**
A: To avoid destroying pretrained weights.

**Q3: How many parameters became trainable after unfreezing?**
A: 15.5M trainable (up from 527K).

**Q5: What was the best validation accuracy achieved?**
A: 49.0% at epoch 25 (restored by EarlyStopping).

**Q8: What was the improvement from Phase 1 to Phase 2?**
A: 4.7x improvement (10.5% → 49% validation accuracy).

**Q9: Why didn't we reach the 65% target?**
A: Architecture mismatch (ResNet50 not designed for 32x32 images) and small training set (8K vs 50K available).

## Section 8: Model Evaluation

**Q1: What is the test accuracy and how does it compare to validation?**
A: Test: 48.9%, Validation: 49.0%. The small gap (0.1%) indicates consistent generalization.

**Q2: What are the best and worst performing classes?**
A: Best: Ship (65% precision), Automobile (62% precision). Worst: Cat (21% F1), Bird (26% F1).

**Q4: What are the main confusion pairs?**
A: Ship→Airplane (237, similar shapes), Deer→Horse (232, similar silhouettes), Cat→Frog (218), Bird→Deer (208).

**Q6: What is the gap to target?**
A: 16.1 percentage points (65% target - 48.9% achieved).

## Section 10: Conclusions

**Q5: What causes run-to-run variance (44-49%)?**
A: Data augmentation randomness.

**Q6: How long did the complete notebook take to run?**
A: ~77 minutes (28 min Phase 1 + 49 min Phase 2) for fresh training.

**Q7: What artifacts were produced?**
A: 8 figures (PNG), 6+ model files (Keras, pickle, numpy), checkpoints and documentation.

**Q2: How would you deploy this model?**
A: Convert to TFLite. Current accuracy (44%) would need improvement before production use.
"""
BY_HAND = (
    "2.2GB u,32 y,2.20 y,3.x y,10K y,50K y,8,000 y,80% y,2,000 y,20% y,10,000 y,93.8 MB y,23.5 MB n,117.2 MB "
    "y,~235 MB y,"
    "527,114 y,2.01 MB y,23.6M y,24.1M y,91.99 MB y,2% y,≈ 2.303 y,~2.30 y,~15 minutes n,12 y,5 y,0.5 y,3 y,1e-4 "
    "y,1e-3 y,"
    "15.5M y,527K y,49.0% y,25 y,4.7x y,10.5% y,49% y,65% y,32x32 y,8K y,50K y,48.9% y,49.0% y,0.1% y,65% y,62% "
    "y,21% y,"
    "26% y,237 y,232 y,218 y,208 y,16.1 percentage points y,65% y,48.9% y,44-49% u,~77 minutes y,28 min y,49 min "
    "y,8 y,6+ y,"
    "44% n"
)
LETTERS = {"confirmed": "y", "contradicted": "n", "unknown": "u"}


def test_the_described_document_by_hand():
    found = ",".join(f"{claim.written} {LETTERS[claim.verdict]}" for claim in claims_of(DOCUMENT, described_facts()))
    assert found == BY_HAND


def test_a_study_that_differs_is_told_claim_by_claim():
    changed = described_facts(explanation={"method": "Grad-CAM", "layer": "x"}, sizes={}, parameters=None)
    unknown = {claim.written for claim in claims_of(DOCUMENT, changed) if claim.verdict == "unknown"}
    assert {"527,114", "23.6M", "24.1M"} <= unknown


@pytest.mark.parametrize(
    ("text", "quantity", "verdict"),
    [
        ("The model reaches 48.9 percent accuracy on the test set.", "test accuracy", "confirmed"),
        ("It has a test accuracy of 0.489.", "test accuracy", "confirmed"),
        ("Test accuracy was 0.52.", "test accuracy", "contradicted"),
        ("It scored above 45 % accuracy.", "test accuracy", "confirmed"),
        ("| Measure | Value |\n|---|---|\n| Test accuracy | 52 % |", "test accuracy", "contradicted"),
        ("| Class | Precision | F1 |\n|---|---|---|\n| ship | 65 % | 0.50 |", "precision of ship", "confirmed"),
        ("The recall of deer is 50%.", "recall of deer", "confirmed"),
        ("237 ships were taken for airplanes.", "ship taken for airplane", "confirmed"),
        ("Ship: recall 50 %, precision 65 %.", "recall of ship", "confirmed"),
        ("It confuses ships with airplanes (237 times).", "ship taken for airplane", "confirmed"),
        ("Test accuracy 0.489 (95% CI 47.9-49.9%).", "test accuracy", "confirmed"),
        ("It was trained on 8,000\nimages.", "train images", "confirmed"),
        ("Fine-tuning ran 30 epochs.", "epochs of fine-tuning", "confirmed"),
    ],
)
def test_other_wordings(text, quantity, verdict):
    claims = claims_of(text, described_facts())
    assert (claims[0].quantity, claims[0].verdict) == (quantity, verdict)


@pytest.mark.parametrize(
    "text",
    [
        "ResNet-18 reaches 95 % accuracy on CIFAR-10 in the paper of He et al.",
        "State of the art is 99.5 % accuracy.",
        "Humans reach about 94 % accuracy.",
        "If we used all images, accuracy would be 60 %.",
        "The accuracy was not 60 %.",
        "On ImageNet it has 76 % accuracy.",
        "TensorFlow reserves 100% of VRAM immediately.",
        "Training will be significantly slower (10-50x).",
        "uint8 uses 1 byte per value, float32 uses 4 bytes.",
        "Removes the original classification head (1000-class ImageNet classifier).",
        "ReLU, then divide by the maximum to scale the heatmap to 1.",
        "On 2026-11-26 we met at 10 o'clock in room 12.",
        "```\naccuracy = 0.99\n```",
        "See https://example.org/accuracy-99%25 and chapter 7.",
        "42 is a common convention.",
        "A confidence above 98 % needs no review, which covers 51 % of the images with 0.5 % error.",
        "Accuracy rose by 5 points after cleaning.",
        "Accuracy dropped to 71 % with noise of 30 %.",
        "The accuracy on animals is 87 %.",
        "The model is not 95 % accurate, and we did not reach 92 % accuracy.",
        "In 2012 AlexNet won with 84.7 % top-5 accuracy.",
    ],
)
def test_what_is_no_claim_about_the_study(text):
    assert [claim for claim in claims_of(text, described_facts()) if claim.verdict == "contradicted"] == []


def test_classes_named_by_digits_are_told_from_numbers():
    names = tuple("0123456789")
    records = described_records()
    rows = [{**row, "name": name} for name, row in zip(names, records.evaluation["per_class"], strict=True)]
    stages = dict(records.stages)
    stages["images"] = replace(stages["images"], facts={**stages["images"].facts, "class_names": list(names)})
    facts = described_facts(stages=stages, evaluation={**records.evaluation, "per_class": rows})
    claims = claims_of("8 → 0 (237), and the recall of 3 is 50 %. It has 10 classes.", facts)
    assert [(claim.quantity, claim.written, claim.verdict) for claim in claims] == [
        ("8 taken for 0", "237", "confirmed"),
        ("recall of 3", "50 %", "confirmed"),
        ("classes", "10", "confirmed"),
    ]


def test_lines_and_origins():
    (claim,) = claims_of("First line.\n\nThen\nthe test accuracy was 50 %.\n", described_facts())
    assert (claim.line, claim.written, claim.verdict) == (4, "50 %", "contradicted")
    assert [(fact.number, fact.origin) for fact in claim.facts] == [(0.489, "evaluation.json: accuracy")]


@pytest.mark.parametrize("name", ["a+b", "(x", "cat|dog", "tests"])
def test_class_names_are_words_and_never_expressions(name):
    facts = described_facts()
    facts.class_names = (name, *facts.class_names[1:])
    assert claims_of(f"The recall of {name} is 12 %.", facts)[0].verdict == "unknown"
