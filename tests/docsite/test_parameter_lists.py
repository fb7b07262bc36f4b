"""What a docstring says of each parameter in a paragraph becomes a list, and nothing else is changed."""

import pytest

pytest.importorskip("griffe", reason="needs the extra docs")

from docsite.parameter_lists import listed


def test_each_parameter_has_its_item_and_refusals_stand_apart():
    text = (
        "Return what is there.\n\nimages: a path or\npixels. top, flips: how many; a colon: inside. other: words. "
        "Refused with DataError: nothing\nis there."
    )
    assert listed(text, ["images", "top", "flips"]) == (
        "Return what is there.\n\n"
        "- `images`: a path or pixels.\n"
        "- `top`, `flips`: how many; a colon: inside. other: words.\n\n"
        "Refused with DataError: nothing is there."
    )


@pytest.mark.parametrize("text", ["One sentence.", "As it is:\n\n    code: stays\n    as: it is", "- top: an item"])
def test_other_text_stays(text):
    assert listed(text, ["top", "code"]) == text
