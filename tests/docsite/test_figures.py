"""A page's figures are filled in from benchmarks/results, and nothing is put in their place where there are none."""

import json

import pytest
from docsite.figures import FIGURES, with_figures

MACHINE = {"processor": "Some Processor", "features": [], "cores": 2, "graphics_cards": []}
TUTORIAL = {
    "seconds": {"the program of step 2": 3.0, "lowres check pictures": 4.0},
    "studies": {
        "mine": {"n": 360, "accuracy": 0.95, "accuracy_interval": [0.92, 0.97], "majority_baseline": 0.1},
    },
    "machine": MACHINE,
}
RUN = {"rare_recall_interval": [0.1, 0.3], "kept_epoch": 0}
VARIANT = {
    "mean_accuracy": 0.7,
    "mean_balanced_accuracy": 0.6,
    "mean_rare_recall": 0.2,
    "mean_rare_precision": 0.9,
    "runs": [RUN],
}
UNBALANCED = {
    "rare": "cat",
    "train_images": {"cat": 60, "dog": 1000},
    "test_images_a_class": 500,
    "variants": {"plain": VARIANT},
    "machine": MACHINE,
}


EXPORTS = {
    "study": "cifar10",
    "exports": [
        {
            "format": "litert-int8",
            "size_bytes": 4_100_000,
            "test": {
                "n": 2000,
                "accuracy": 0.9,
                "accuracy_interval": [0.89, 0.91],
                "gain": -0.004,
                "agreement": 0.98,
            },
        }
    ],
    "int8_beside_float32": [
        {"float32": "litert-float32", "int8": "litert-int8", "turns": 300, "median_milliseconds": [9.0, 7.5]}
    ],
    "machine": MACHINE,
}


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "benchmarks" / "results"
    folder.mkdir(parents=True)
    (folder / "tutorial.json").write_text(json.dumps(TUTORIAL))
    (folder / "exports.json").write_text(json.dumps(EXPORTS))
    (folder / "unbalanced.json").write_text(json.dumps(UNBALANCED))
    return tmp_path


def filled(name, checkout):
    return with_figures(f"Before.\n\n<!-- figures: {name} -->\n\nAfter.", checkout).replace("\N{NO-BREAK SPACE}", " ")


def test_the_tutorial_shows_accuracy_and_time(checkout):
    page = filled("tutorial", checkout)
    assert "| `studies/mine` | **95.0 %** | 92.0 % to 97.0 % | 360 | 10.0 % |" in page
    assert "| `lowres check pictures` | 4.0 s |" in page
    assert "2 cores of Some Processor; from `benchmarks/results/tutorial.json`" in page
    assert page.startswith("Before.")
    assert page.endswith("After.")


def test_unbalanced_classes_show_the_rare_one(checkout):
    page = filled("unbalanced", checkout)
    assert "| plain | 70.0 % | 60.0 % | **20.0 %** (10.0 % to 30.0 %) | 90.0 % | the frozen phase's head |" in page
    assert "60 of cat, 1,000 of dog; test pictures: 500 of each, n = 1,000. 1 run each." in page


def test_exports_show_size_and_what_was_lost(checkout):
    page = filled("exports", checkout)
    assert "| `litert-int8` | 4.1 MB | 90.0 % (89.0 % to 91.0 %) | -0.4 points | 98.0 % | 2,000 |" in page
    assert "`litert-int8` took 7.5 ms and `litert-float32` 9.0 ms (medians of 300)" in page


@pytest.mark.parametrize("name", FIGURES)
def test_what_is_not_measured_is_said_not_to_be(name, tmp_path):
    assert f"Not measured yet: there is no `benchmarks/results/{name}.json`." in filled(name, tmp_path)


def test_figures_that_nobody_draws_are_refused(checkout):
    with pytest.raises(KeyError, match="nothing"):
        filled("nothing", checkout)
