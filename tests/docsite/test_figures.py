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


PEER = {
    "peer": "timm",
    "network": "n",
    "recipe": "AdamW, cosine",
    "pixels": 96,
    "minutes": 15,
    "train_images": 8000,
    "fits": True,
    "seconds": 882.0,
    "test": {"n": 10000, "accuracy": 0.9, "interval": [0.894, 0.906]},
    "machine": MACHINE,
}
OWN = PEER | {
    "peer": "lowres",
    "network": "quick",
    "recipe": "lowres study cifar10 --recipe quick",
    "seconds": 120.0,
    "test": {"n": 10000, "accuracy": 0.91, "interval": [0.904, 0.916]},
    "test_with_flips": {"accuracy": 0.92, "interval": [0.914, 0.926]},
}
del OWN["pixels"]


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "benchmarks" / "results"
    folder.mkdir(parents=True)
    (folder / "tutorial.json").write_text(json.dumps(TUTORIAL))
    (folder / "exports.json").write_text(json.dumps(EXPORTS))
    (folder / "unbalanced.json").write_text(json.dumps(UNBALANCED))
    (folder / "peers.json").write_text(json.dumps({"rows": [PEER, OWN]}))
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


def test_peers_stand_by_their_minutes(checkout):
    page = filled("peers", checkout)
    own = "| 2.0 | lowres, `quick` | lowres study cifar10 --recipe quick |  | **91.0 %** | 90.4 % to 91.6 % | 92.0 % |"
    assert page.index(own) < page.index("| 14.7 | timm | AdamW, cosine | 96 | **90.0 %** | 89.4 % to 90.6 % |  |")
    assert "n = 10,000, training pictures: 8,000; one run a row" in page
    assert "Measured on 2 cores of Some Processor; from `benchmarks/results/peers.json`, written by" in page
    assert "`benchmarks/peers/compare.py`. Nothing else ran beside it." in page


def test_rows_that_nobody_ran_are_named(checkout):
    path = checkout / "benchmarks" / "results" / "peers.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"not_run": ["keras right in 45 minutes", "timm at 5"]}))
    assert "one run a row. Not run: keras right in 45 minutes; timm at 5." in filled("peers", checkout)


def test_rows_of_two_machines_are_not_put_into_one_table(checkout):
    other = PEER | {"machine": MACHINE | {"processor": "Another"}, "fits": False, "why": "too slow"}
    (checkout / "benchmarks" / "results" / "peers.json").write_text(json.dumps({"rows": [PEER, other]}))
    page = filled("peers", checkout)
    first, second = page.split("On 2 cores of Some Processor:")[1].split("On 2 cores of Another:")
    assert "**90.0 %**" in first
    assert "**90.0 %**" not in second
    assert "| 15.0 | timm | AdamW, cosine |  | does not fit: too slow |  |  |" in second


@pytest.mark.parametrize("name", FIGURES)
def test_what_is_not_measured_is_said_not_to_be(name, tmp_path):
    assert f"Not measured yet: there is no `benchmarks/results/{name}.json`." in filled(name, tmp_path)


def test_figures_that_nobody_draws_are_refused(checkout):
    with pytest.raises(KeyError, match="nothing"):
        filled("nothing", checkout)
