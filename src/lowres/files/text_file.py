"""A text that a person wrote, in whatever encoding it came."""

from __future__ import annotations

import codecs
from pathlib import Path

from lowres.errors import DocumentError

_MOST_BYTES = 8 * 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_KNOWN = ((b"%PDF", "a PDF"), (b"PK\x03\x04", "a zip archive such as .docx"), (b"\x89PNG", "a picture"))


def read_text(path: Path) -> str:
    """Return the text of a file: UTF-8 or UTF-16 as it says, else Windows' Western encoding.

    Refused with DocumentError: no file, one that is larger than 8 MiB, one that is no text.
    """
    try:
        content = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else None
    except OSError as error:
        raise DocumentError(f"expected a text file at {path}, got {error.strerror}; name a Markdown file") from error
    if content is None:
        raise DocumentError(f"expected a text of at most 8 MiB, got a larger file at {path}; check a part of it")
    named = next((words for start, words in _KNOWN if content.startswith(start)), None)
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if named or (encoding is None and b"\0" in content):
        raise DocumentError(
            f"expected text in {path}, got {named or 'bytes that are no text'}; save it as Markdown or plain text"
        )
    for name in (encoding,) if encoding else ("utf-8", "cp1252", "latin-1"):
        try:
            return content.decode(name)
        except UnicodeDecodeError:
            continue
    raise DocumentError(f"expected text in {path}, got bytes that are not {encoding}; save it as UTF-8")
