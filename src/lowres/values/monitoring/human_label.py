"""What a person said of a recorded picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lowres.errors import PredictionsError


@dataclass(frozen=True)
class HumanLabel:
    """One verdict of one reviewer on one record.

    class_name: the class, which need not be one of the model's; None: cannot tell. is_withdrawn: the reviewer takes
    back what they said before, and has said nothing. Of several by one reviewer on one record the last one stands.
    Refused with PredictionsError: no reviewer, an empty class, a class that is withdrawn, a time without a zone.
    """

    record_id: str
    reviewer: str
    class_name: str | None
    at: datetime
    is_withdrawn: bool = False

    def __post_init__(self) -> None:
        """Refuse what says nothing, or two things."""
        if not self.reviewer or self.class_name == "" or (self.is_withdrawn and self.class_name is not None):
            raise PredictionsError(
                f"expected a reviewer and a class, None for cannot tell, or a label withdrawn, for record "
                f"{self.record_id}, got {self.reviewer!r}, {self.class_name!r}, withdrawn: {self.is_withdrawn}"
            )
        if self.at.tzinfo is None:
            raise PredictionsError(f"expected a time with its zone for the label of {self.record_id}, got {self.at}")

    @property
    def cannot_tell(self) -> bool:
        """Whether the reviewer looked and could not say."""
        return self.class_name is None and not self.is_withdrawn
