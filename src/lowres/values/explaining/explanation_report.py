"""What heat maps were put to: the method, the layer, and whether they passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lowres.values.explaining.faithfulness import Faithfulness
from lowres.values.explaining.randomisation_check import RandomisationCheck


@dataclass(frozen=True)
class ExplanationReport:
    """What `explanation.json` holds; faithfulness and randomisation are None where the recipe asked for no proof.

    method, layer: as in `Explanation`. sample: how the images of both were drawn, in words.
    """

    method: str
    layer: str
    sample: str = ""
    faithfulness: Faithfulness | None = None
    randomisation: RandomisationCheck | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether the maps are better than every baseline by every measure and show the network and not the picture."""
        if self.faithfulness is None or self.randomisation is None:
            return False
        return self.faithfulness.is_better_than_all and self.randomisation.is_passed

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "method": self.method,
            "layer": self.layer,
            "sample": self.sample,
            "is_trusted": self.is_trusted,
            "faithfulness": self.faithfulness.to_json() if self.faithfulness else None,
            "randomisation": self.randomisation.to_json() if self.randomisation else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExplanationReport:
        """Read back what `to_json` gave."""
        proofs = data["faithfulness"], data["randomisation"]
        return cls(
            data["method"],
            data["layer"],
            data["sample"],
            Faithfulness.from_json(proofs[0]) if proofs[0] else None,
            RandomisationCheck.from_json(proofs[1]) if proofs[1] else None,
        )
