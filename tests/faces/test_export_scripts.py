"""Ten lines for each format: they parse, they load nothing but their runtime, NumPy and Pillow, they stay ten."""

import ast
import sys

import pytest

from lowres.faces.export_scripts import export_script
from lowres.values.exporting.export_format import FORMATS


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_script_is_ten_lines_of_its_runtime_alone(name, fit):
    script = export_script(FORMATS[name], (40, 24), fit, 3)
    lines = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert len(lines) == 10
    assert max(map(len, lines)) <= 160
    imports = [node for node in ast.walk(ast.parse(script)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    found = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in imports
        for alias in node.names
    }
    assert found - set(sys.stdlib_module_names) == {FORMATS[name].runtime, "numpy", "PIL"}
    assert "(40, 24)" in script
