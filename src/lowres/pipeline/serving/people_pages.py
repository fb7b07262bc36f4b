"""What a server that records gives people besides answers: the dashboard, and pictures to judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.values.monitoring.picture_policy import Keep

if TYPE_CHECKING:
    from lowres.faces.serving.review import ReviewDesk
    from lowres.values.monitoring.picture_policy import PicturePolicy


@dataclass(frozen=True)
class PeoplePages:
    """dashboard: the page of a model by its name. review: None where no picture is kept, so that none can be judged."""

    dashboard: Callable[[str], str]
    review: ReviewDesk | None


def people_pages(store: str, policy: PicturePolicy, folder_of: Callable[[str], Path]) -> PeoplePages:
    """Return them for the studies that `folder_of` finds by the names they are served as; the store stays open."""
    from lowres.faces.watching.dashboard import render_dashboard
    from lowres.files.monitoring.store import open_store
    from lowres.pipeline.watching.dashboard import dashboard_data
    from lowres.pipeline.watching.review_desk import StudyReviewDesk

    opened = open_store(store)

    def dashboard(name: str) -> str:
        return render_dashboard(dashboard_data(folder_of(name), opened))

    return PeoplePages(dashboard, None if policy.keep is Keep.NONE else StudyReviewDesk(opened, folder_of))
