"""docs/architecture.md shows the folders as they are, one charter line per file."""

import importlib.machinery
import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load_script(path: Path):
    """A script has no .py ending, so it is loaded by hand."""
    loader = importlib.machinery.SourceFileLoader("tree_script", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


tree = load_script(ROOT / "scripts" / "tree")


def test_the_tree_in_the_document_is_the_folders():
    document = (ROOT / tree.DOCUMENT).read_text(encoding="utf-8")
    changes = tree.differences(document, tree.tree_lines(ROOT))
    assert not changes, "docs/architecture.md is out of date; run scripts/tree\n" + "\n".join(changes)


def test_no_file_is_longer_than_300_lines():
    paths = [path for folder in ("src", "tests", "benchmarks", "docsite") for path in (ROOT / folder).rglob("*.py")]
    long = {path.relative_to(ROOT).as_posix(): lines for path in paths if (lines := line_count(path)) > 300}
    assert not long, f"a new noun is hiding in {long}"


def test_the_repository_is_small():
    """No weights, data sets or wheels: once a folder's whole content was added unseen, 112 MB of it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no Git checkout")
    sizes = {
        name: (ROOT / name).stat().st_size for name in listed.stdout.split("\0") if name and (ROOT / name).exists()
    }
    assert sum(sizes.values()) < 5_000_000
    assert {name: size for name, size in sizes.items() if size > 300_000} == {}


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def house(tmp_path):
    rooms = {
        "src/lowres/__init__.py": '"""A house."""\n',
        "src/lowres/door.py": '"""Opens, and\nshuts. Never squeaks."""\n',
        "src/lowres/attic/__init__.py": '"""Holds what is kept."""\n',
        "src/lowres/attic/box.py": '"""A box."""\n',
        "src/lowres/recipes/soup.toml": 'name = "soup"\nabout = """\nHot. With n = 1."""\n',
        "src/lowres/attic/page.html.j2": "{# A page. #}\n<p>\n",
        "scripts/sweep": "#!/bin/sh\n# Sweeps the floor.\nset -eu\n",
        "docs/log.md": "# What happened\n\ntext\n",
    }
    for name, text in rooms.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def columns(lines):
    return [
        tuple(part.strip() for part in (line[: tree.CHARTER_COLUMN], line[tree.CHARTER_COLUMN :])) for line in lines
    ]


def test_every_kind_of_file_says_its_own_line(house):
    assert columns(tree.tree_lines(house)) == [
        ("docs/", "What a newcomer reads."),
        ("log.md", "What happened."),
        ("scripts/", "What a developer types."),
        ("sweep", "Sweeps the floor."),
        ("src/lowres/", "The package; `python -m lowres` is `lowres`."),
        ("door.py", "Opens, and shuts."),
        ("attic/", "Holds what is kept."),
        ("box.py", "A box."),
        ("page.html.j2", "A page."),
        ("recipes/", "The recipes that come with lowres."),
        ("soup.toml", "Hot."),
    ]


def test_a_file_without_a_sentence_is_named(house):
    (house / "src/lowres/attic/trunk.py").write_text("x = 1\n")
    with pytest.raises(tree.NoCharter, match=r"expected a first sentence .*in\n  src/lowres/attic/trunk\.py"):
        tree.tree_lines(house)


def test_a_new_file_and_a_gone_file_are_named_with_their_lines(house):
    document = "# Title\n\n" + tree.OPENING + tree.CLOSING + "after\n"
    document = tree.with_tree(document, tree.tree_lines(house))
    assert tree.differences(document, tree.tree_lines(house)) == []
    (house / "src/lowres/attic/box.py").unlink()
    (house / "src/lowres/attic/chest.py").write_text('"""A chest."""\n')
    added, gone = tree.differences(document, tree.tree_lines(house))
    assert added.startswith("add to docs/architecture.md:")
    assert added.endswith("A chest.")
    assert gone.startswith("take out of docs/architecture.md:")
    assert gone.endswith("A box.")


def test_writing_the_tree_leaves_the_rest_of_the_document_alone(house):
    document = "# Title\n\n" + tree.OPENING + "old\n" + tree.CLOSING + "after\n"
    written = tree.with_tree(document, ["one", "two"])
    assert written == "# Title\n\n" + tree.OPENING + "one\ntwo\n" + tree.CLOSING + "after\n"
