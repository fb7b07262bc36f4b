"""A recipe's page says what its results file says, and of a recipe without one that it is not measured."""

import json
import re

import pytest
from docsite.curves import drawn, validation_chart
from docsite.recipe_pages import read_results, recipe_pages

from lowres.files.recipes import packaged_names

RESULTS = {
    "recipe": "quick",
    "data": "cifar10",
    "n": 400,
    "number_of_runs": 2,
    "mean_accuracy": 0.755,
    "mean_minutes": 2.5,
    "runs": [
        {
            "seed": seed,
            "cold_cache": seed == 0,
            "n": 400,
            "accuracy": accuracy,
            "accuracy_interval": [accuracy - 0.04, accuracy + 0.04],
            "engine": "openvino",
            "stage_seconds": {"images": 30.0, "head": 60.0 * (seed + 1)},
            "total_seconds": 90.0 + 60 * seed,
            "validation_curve": [
                {"minutes": 1, "validation_accuracy": 0.5},
                {"minutes": 4, "validation_accuracy": 0.75},
            ],
            "machine": {"processor": "Some Processor", "features": ["avx2"], "cores": 2, "graphics_cards": []},
        }
        for seed, accuracy in ((0, 0.75), (1, 0.76))
    ],
}


@pytest.fixture
def checkout(tmp_path, repository):
    """A checkout in which quick alone has been measured."""
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    (tmp_path / "benchmarks" / "results" / "quick.json").write_text(json.dumps(RESULTS))
    (tmp_path / "src" / "lowres").mkdir(parents=True)
    (tmp_path / "src" / "lowres" / "recipes").symlink_to(repository / "src" / "lowres" / "recipes")
    return tmp_path


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_every_recipe_has_a_page_and_a_row(repository):
    pages = recipe_pages(repository)
    assert set(pages) == {"recipes/index.md", *(f"recipes/{name}.md" for name in packaged_names())}
    assert set(re.findall(r"\]\(([\w-]+)\.md\)", pages["recipes/index.md"])) == set(packaged_names())


def test_a_page_holds_the_figures_of_its_file(checkout):
    page = plain(recipe_pages(checkout)["recipes/quick.md"])
    assert "| 1 | each image once | **75.00 %** | 71.00 % to 79.00 % | 400 |" in page
    assert "| 2 | each image once | **76.00 %** | 72.00 % to 80.00 % | 400 |" in page
    assert "| 2 | 2.5 | 2 cores of Some Processor, AVX2 | openvino | tensorflow | 1 | filled before |" in page
    assert "| `head` | 60.0 | 120.0 |" in page
    row = next(line for line in plain(recipe_pages(checkout)["recipes/index.md"]).splitlines() if "(quick.md)" in line)
    assert "| 75.5 % (n = 400, 2 runs) | 2.5 | 2 cores of Some Processor, AVX2 |" in row


def test_a_run_with_other_settings_is_told_apart_from_the_recipe(checkout):
    path = checkout / "benchmarks" / "results" / "quick.json"
    results = json.loads(path.read_text())
    results["runs"][1]["changed"] = {"network.input_pixels": "96"}
    path.write_text(json.dumps(results))
    pages = recipe_pages(checkout)
    said = "Run 2 had `network.input_pixels = 96` in place of what the recipe says."
    assert said in plain(pages["recipes/quick.md"])
    row = next(line for line in plain(pages["recipes/index.md"]).splitlines() if "(quick.md)" in line)
    assert "| 75.5 % (n = 400, 2 runs, changed) |" in row


def test_a_paper_named_with_its_year_is_told_whole(checkout):
    assert "(He et al. 2016" in plain(recipe_pages(checkout)["recipes/resnet20.md"])


def test_a_recipe_without_figures_says_so_and_shows_none(checkout):
    pages = recipe_pages(checkout)
    page = pages["recipes/transfer.md"]
    assert "Not measured yet" in page
    assert "benchmarks/results/transfer.json" in page
    assert "%" not in page.split("## What it sets")[0]
    row = next(line for line in pages["recipes/index.md"].splitlines() if "(transfer.md)" in line)
    assert "| not measured yet |  |  |" in row


def test_no_figure_of_a_page_is_written_by_hand(repository):
    pages = recipe_pages(repository)
    for name in packaged_names():
        results = read_results(repository, name)
        page = plain(pages[f"recipes/{name}.md"]).split("## What it sets")[0]
        written = {float(one) for one in re.findall(r"\*\*(\d+\.\d+) %", page)}
        views = ("with_flipped_views", "with_six_views")
        rows = [row for run in (results or {"runs": []})["runs"] for row in (run, *(run.get(key) for key in views))]
        assert written == {round(100 * row["accuracy"], 2) for row in rows if row}


def test_the_curve_lies_where_its_points_are():
    chart = validation_chart(RESULTS)
    assert [line.points for line in chart.lines] == [((1, 0.5), (4, 0.75))] * 2
    picture = drawn(chart)
    circles = re.findall(r'<circle class="blue" cx="([\d.]+)" cy="([\d.]+)"', picture)
    assert [(float(x), float(y)) for x, y in circles] == [(chart.x(1), chart.y(0.5)), (chart.x(4), chart.y(0.75))]
    # An empty line would end the HTML block, and the rest would be read as Markdown.
    assert "\n\n" not in picture
