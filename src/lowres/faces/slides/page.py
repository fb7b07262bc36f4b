"""The slides as one HTML file: by keyboard on a screen, one below the other on a phone, one a page on paper."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from lowres.faces.report import page_charts
from lowres.faces.self_contained import render_page
from lowres.faces.slides.slide import Slide
from lowres.values.study_facts.fact import StudyFacts


def slides_page(facts: StudyFacts, slides: Sequence[Slide], pictures: Mapping[str, bytes]) -> str:
    """Return the page; `pictures` are the study's figures as PNG, by name, and go into it."""
    uris = {name: f"data:image/png;base64,{base64.b64encode(content).decode()}" for name, content in pictures.items()}
    context = {"facts": facts, "slides": slides, "pictures": uris, "box": page_charts}
    return render_page("slides.html.j2", "slides.js.j2", context)
