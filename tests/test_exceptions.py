"""The tree at the top of errors.py is complete and true, and nothing is refused with anything else."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from lowres import errors

CLASSES = dict(inspect.getmembers(errors, inspect.isclass))
# One level is four characters: "├── " or "│   ".
ROW = re.compile(r"^(?P<rails>[│├└─ ]*)(?P<name>[A-Z]\w+)\s*(?P<meaning>.*)$")


def drawn_parents(drawing: str) -> dict[str, str]:
    """Each name in a drawn tree with its parent's name; the root's parent is Exception."""
    parents, path = {}, ["Exception"]
    rows = drawing.split("\n\n")[1].splitlines()
    for row in rows:
        match = ROW.match(row)
        assert match, f"a row of the tree that does not parse: {row!r}"
        depth = len(match["rails"]) // 4 + 1
        path = [*path[:depth], match["name"]]
        parents[match["name"]] = path[-2]
    return parents


def test_the_drawn_tree_is_the_classes_and_their_parents():
    assert drawn_parents(errors.__doc__) == {name: error.__base__.__name__ for name, error in CLASSES.items()}


def test_the_reading_of_a_drawn_tree_by_hand():
    drawing = "Title.\n\nRoot\n├── Left      text\n│   └── Leaf  text\n└── Right\n\nmore"
    assert drawn_parents(drawing) == {"Root": "Exception", "Left": "Root", "Leaf": "Left", "Right": "Root"}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_class_says_what_it_means(name):
    assert CLASSES[name].__doc__.endswith("."), f"{name} has no sentence"
    assert CLASSES[name].__module__ == "lowres.errors"


def source_trees(repository: Path) -> dict[str, ast.Module]:
    paths = sorted((repository / "src" / "lowres").rglob("*.py"))
    return {path.relative_to(repository).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def library_part(tree: ast.Module) -> ast.Module:
    """Without `if __name__ == "__main__":`, which is a program that may print."""
    is_program = [isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body]
    return ast.Module([node for node, program in zip(tree.body, is_program, strict=True) if not program], [])


def names_of(nodes: list[ast.expr]) -> set[str]:
    return {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in nodes}


def raised_name(node: ast.Raise) -> set[str]:
    return names_of([node.exc.func if isinstance(node.exc, ast.Call) else node.exc]) if node.exc else set()


def test_no_exception_is_defined_in_another_file(repository):
    elsewhere = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in source_trees(repository).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and path != "src/lowres/errors.py"
        if names_of(node.bases) & ({*CLASSES, "Exception", "ValueError", "RuntimeError", "OSError"})
    ]
    assert not elsewhere, f"exceptions that belong in errors.py: {elsewhere}"


def catches_everything(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return node.type is None or bool(names_of(caught) & {"BaseException", "Exception"})


def prints_or_quits(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and bool(names_of([node.func]) & {"print", "exit", "_exit"})


def test_library_code_never_catches_everything_nor_prints_nor_quits(repository):
    forbidden = [
        f"{path}:{node.lineno}"
        for path, tree in source_trees(repository).items()
        if not path.startswith("src/lowres/cli")
        for node in ast.walk(library_part(tree))
        if catches_everything(node) or prints_or_quits(node)
    ]
    assert not forbidden, f"a bare except, a print or an exit in {forbidden}"


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept (OSError, Exception):\n    pass",
        "print(1)",
        "sys.exit(1)",
    ],
)
def test_the_search_finds_what_is_forbidden(text):
    assert any(catches_everything(node) or prints_or_quits(node) for node in ast.walk(ast.parse(text)))


def test_every_kind_of_refusal_is_raised_somewhere(repository):
    raised = {
        name
        for tree in source_trees(repository).values()
        for node in ast.walk(tree)
        if isinstance(node, (ast.Raise, ast.Call))
        for name in (raised_name(node) if isinstance(node, ast.Raise) else names_of([node.func]))
    }
    parents = {error.__base__.__name__ for error in CLASSES.values()}
    idle = {name for name in CLASSES if name not in raised and name not in parents}
    assert not idle, f"defined in errors.py and never raised: {sorted(idle)}"
