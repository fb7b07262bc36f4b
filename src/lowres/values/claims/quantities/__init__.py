"""The table of quantities: what people write about a study, one row each."""

from __future__ import annotations

from lowres.values.claims.quantities.data import DATA
from lowres.values.claims.quantities.network import NETWORK
from lowres.values.claims.quantities.results import RESULTS
from lowres.values.claims.quantities.training import TRAINING
from lowres.values.claims.quantity import Quantity

QUANTITIES: tuple[Quantity, ...] = (*DATA, *NETWORK, *TRAINING, *RESULTS)
