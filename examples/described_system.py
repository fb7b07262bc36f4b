"""The described system as a program: ResNet50 at 224 pixels, its head first, then conv5; judged, and explained.

    python examples/described_system.py [digits]

Without a word it is CIFAR-10 by recipe `two-phase`, the input contract right: hours on two cores. Run again, it
goes on.
"""

import sys

import lowres

source = sys.argv[1] if len(sys.argv) > 1 else "cifar10"
study = lowres.Study(source, recipe="two-phase" if source == "cifar10" else None, settings={"seed": 42})

images = lowres.load_images(study)
parts = lowres.split(study)
print(images)
print(parts, f"({parts.mebibytes('train'):.1f} MiB of training images as float32)")

checks = lowres.preflight(study)
if not checks.passed:
    sys.exit(repr(checks))

heads = lowres.train_head(study)
print(f"frozen: {heads}; chance is a loss of {heads.chance_loss:.3f}")
training = lowres.train(study)
print(f"kept: validation accuracy {training.validation_accuracy:.1%} after {training.seconds / 60:.0f} minutes")

results = lowres.evaluate(study)
print(results)
print(results.conclusions)
for score in sorted(results.per_class, key=lambda one: one.f1):
    print(f"  {score.name:<12} precision {score.precision:.1%}, recall {score.recall:.1%}, F1 {score.f1:.1%}")

print(lowres.explain(study))
print(lowres.report(study))
