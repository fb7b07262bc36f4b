"""What MkDocs calls while it builds the site: adds the written pages, the contents, and links between documents."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docsite.figures import with_figures  # noqa: E402
from docsite.written_pages import contents, with_links, written_pages  # noqa: E402

_WRITTEN: dict[str, str] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the pages, so that the contents can name them."""
    _WRITTEN.clear()
    _WRITTEN.update(written_pages(ROOT))
    config.nav = contents(ROOT, _WRITTEN)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give MkDocs the written pages beside those in docs/."""
    for name, text in _WRITTEN.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in the figures, and link the documents that a document names."""
    if page.file.src_uri in ("index.md", "tutorial.md"):
        # The only page of its part: a list of pages beside it would hold nothing else.
        page.meta["hide"] = ["navigation"]
    text = with_figures(markdown, ROOT)
    return with_links(text, page.file.src_uri, frozenset(file.src_uri for file in files.documentation_pages()))
