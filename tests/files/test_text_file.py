"""Texts are read in the encodings people have, and what is no text is told so."""

import pytest

from lowres.errors import DocumentError
from lowres.files.text_file import read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "text.md"
    path.write_bytes("Genauigkeit: 48,9 % – für alle".encode(encoding))
    assert read_text(path) == "Genauigkeit: 48,9 % – für alle"


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"%PDF-1.7 x", "a PDF"), (b"PK\x03\x04rest", "a zip archive"), (b"a\0b", "bytes that are no text")],
)
def test_no_text(tmp_path, content, told):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=told):
        read_text(path)


def test_no_file(tmp_path):
    with pytest.raises(DocumentError, match="No such file"):
        read_text(tmp_path / "none.md")
    with pytest.raises(DocumentError, match="name a Markdown file"):
        read_text(tmp_path)
