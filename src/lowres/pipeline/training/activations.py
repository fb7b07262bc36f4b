"""What the trained part of a network is fed: augmented pixels, or what the frozen part below it makes of them."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

from lowres.errors import TrainingError
from lowres.files.disk_room import bytes_in, free_bytes
from lowres.pipeline.training.chunk_ahead import ChunkAhead
from lowres.pipeline.training.mirroring import decided_augmentation

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lowres.files.feature_cache import CachedFeatures, FeatureKey
    from lowres.networks.features import FeatureExtractor
    from lowres.networks.training.trainable_network import TrainableNetwork
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.recipes.recipe import Recipe
    from lowres.values.unlabelled import Unlabelled

# So many images are augmented, and run through the frozen part, at once.
CHUNK_IMAGES = 1024
_BYTES_A_NUMBER = 2
# Of what a disk has left; the rest is for checkpoints and whoever else writes.
_FREE_SHARE = 0.9
_VALIDATION = "validation"


class StudyInputs:
    """The study's images as fine-tuning sees them; satisfies `networks.training.batches.TrainingInputs`.

    Epoch e sees view e modulo `fine_tuning.views` of each training image. Whether what the frozen part gives is kept
    on disk between epochs or computed again changes no number, but for a last bit here and there, only the time.
    """

    def __init__(
        self,
        run: StudyRun,
        network: TrainableNetwork,
        folder: Path,
        recipe: Recipe | None = None,
        training_rows: NDArray[np.int64] | None = None,
        unlabelled: Unlabelled | None = None,
    ) -> None:
        """Take the run and the network; `folder` holds what is kept, until `remove`; recipe: None is the run's.

        training_rows: the images that are trained on; None: the training part. unlabelled: trained on behind them.
        """
        import numpy as np

        self._run, self._folder, self._unlabelled = run, folder, unlabelled
        self._train = run.split.train if training_rows is None else training_rows
        if unlabelled:
            self._train = np.concatenate([self._train, unlabelled.numbers])
        recipe = recipe or run.recipe
        self._choices, self._seed = recipe.fine_tuning, recipe.seed
        self._augmentation = decided_augmentation(run)
        self._extractor = _extractor(run, network)
        self._epoch = 0
        self._chunks, self._ahead = _Chunks(), ChunkAhead()
        validation = len(run.split.validation)
        self._kept_images = validation + self.views * len(self._train)
        self.keeps_validation = self._may_keep(validation)
        self.keeps_views = self.views < self._choices.epochs and self._may_keep(self._kept_images)

    @property
    def views(self) -> int:
        """How many different views of an image training sees."""
        return min(self._choices.views or self._choices.epochs, self._choices.epochs)

    def begin(self, epoch: int, order: NDArray[np.int64]) -> None:
        """Get ready for an epoch that asks for the training part's rows in this order."""
        self._ahead.drop()
        self._epoch = epoch
        self._chunks = _Chunks(order)

    def training(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows of the training part as they look in the epoch begun, float16 activations or uint8 pixels."""
        if not self._chunks.holds(rows):
            asked = self._chunks.next_rows(rows)
            self._chunks.fill(asked, self._training_chunk(asked))
            if not self.keeps_views:
                self._ahead.begin(self._chunks.following_rows(len(rows)), self._augmented)
        return self._chunks.read(rows)

    def validation(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows of the validation part, unchanged."""
        part, pixels = self._run.split.validation, self._run.images.pixels
        if self._extractor is None or not self.keeps_validation:
            return self.of_pixels(pixels[part[rows]])
        return self._stored(self._kept(_VALIDATION, len(part)), rows, lambda missing: pixels[part[missing]])

    @property
    def unmet_gigabytes(self) -> float:
        """Disk that keeping the views would take and may not; 0 where they are kept, or need not be.

        They are then computed anew in every epoch, which changes no number but the minutes.
        """
        would_pay = self._extractor is not None and self.views < self._choices.epochs
        is_asked = would_pay and self._choices.cache_activations == "auto" and not self.keeps_views
        return self._bytes(self._kept_images) / 1e9 if is_asked else 0.0

    @property
    def room_gigabytes(self) -> float:
        """Disk that the kept views may take: by the recipe, or as far as it goes."""
        return self._room_bytes / 1e9

    @property
    def passes(self) -> int:
        """How often the training part goes through augmentation and the frozen part, in all epochs together."""
        return self.views if self.keeps_views else self._choices.epochs

    def of_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """Return what the trained part is fed of any images, uint8 `[n, h, w, 3]`; nothing is kept.

        Refused with TrainingError: activations that are no numbers, or larger than float16 holds.
        """
        import numpy as np

        from lowres.networks.features import BATCH_IMAGES
        from lowres.networks.training.batches import filled_rows

        if self._extractor is None:
            return pixels
        # Batches of one size: the last bits of an image's activations may depend on how many are computed together.
        filled = filled_rows(pixels, -(-len(pixels) // BATCH_IMAGES) * BATCH_IMAGES)
        with np.errstate(over="ignore"):
            activations = self._extractor.extract(filled)[: len(pixels)].astype(np.float16)
        if not np.isfinite(activations).all():
            raise TrainingError(
                f"expected activations below {self._choices.from_layer} that float16 holds, got NaN or some beyond "
                "65,504; try --set features.precision=float32, or another fine_tuning.from_layer"
            )
        return activations

    def remove(self) -> None:
        """Give the disk back."""
        self._ahead.drop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def remove_others(self) -> None:
        """Take away what a training kept that was stopped and then changed; it would count against nobody's budget."""
        if self._extractor is None or not self._folder.is_dir():
            return
        own = {self._key(view).digest for view in (_VALIDATION, *map(_training_view, range(self.views)))}
        for path in self._folder.iterdir():
            if path.name.partition(".")[0] not in own:
                path.unlink()

    def _training_chunk(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        if not self.keeps_views:
            # What `_ahead` made while the chunk before was trained on, or else makes now.
            pixels = self._ahead.take(rows, self._augmented)
            return pixels if self._extractor is None else self.of_pixels(pixels)
        return self._stored(
            self._kept(_training_view(self._epoch % self.views), len(self._train)), rows, self._augmented
        )

    def _augmented(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        from lowres.values.altering.augmentation import augment

        images, own = self._train[rows], self._run.images.pixels
        pixels = self._unlabelled.pixels(own, images) if self._unlabelled else own[images]
        return augment(pixels, images, self._augmentation, seed=self._seed, epoch=self._epoch % self.views)

    def _stored(self, kept: CachedFeatures, rows: NDArray[np.int64], pixels_of: Any) -> NDArray[Any]:
        """Activations of these rows, float16; those that are not kept yet are made of what `pixels_of` them gives."""
        assert self._extractor is not None
        values, is_whole = kept.stored(rows)
        if not is_whole.all():
            self._add(kept, rows[~is_whole], pixels_of)
            values, _ = kept.stored(rows)
        return values.reshape(-1, *self._extractor.feature_shape)

    def _add(self, kept: CachedFeatures, missing: NDArray[np.int64], pixels_of: Any) -> None:
        for start in range(0, len(missing), CHUNK_IMAGES):
            rows = missing[start : start + CHUNK_IMAGES]
            kept.write(rows, self.of_pixels(pixels_of(rows)).reshape(len(rows), -1))

    def _kept(self, view: str, rows: int) -> CachedFeatures:
        from math import prod

        from lowres.files.feature_cache import FeatureCache

        assert self._extractor is not None
        return FeatureCache(self._folder).open_features(self._key(view), rows, prod(self._extractor.feature_shape))

    def _key(self, view: str) -> FeatureKey:
        return self._run.features.key_of(self._extractor, self._described(view))

    def _described(self, view: str) -> str:
        """Everything a kept view depends on beside trunk and images."""
        # Which images, and not how many: row 5 of another split is another picture with another label.
        rows = self._run.split.validation if view == _VALIDATION else self._train
        said: list[Any] = [
            view,
            self._seed,
            self._choices.from_layer,
            self._augmentation.model_dump(mode="json"),
            hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest(),
        ]
        if self._unlabelled:
            said.append(self._unlabelled.fingerprint(self._run.images.pixels))
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _may_keep(self, images: int) -> bool:
        """Whether the activations of so many images may lie on the disk."""
        choice = self._choices.cache_activations
        if self._extractor is None or choice == "never":
            return False
        return choice == "always" or self._bytes(images) <= self._room_bytes

    @property
    def _room_bytes(self) -> float:
        """What kept activations may take: the recipe's budget, or what the disk has left where that is less."""
        budget = self._choices.disk_budget_gigabytes * 1e9
        return min(budget, _FREE_SHARE * (free_bytes(self._folder) + bytes_in(self._folder)))

    def _bytes(self, images: int) -> int:
        """What the activations of so many images take."""
        from math import prod

        assert self._extractor is not None
        return images * int(prod(self._extractor.feature_shape)) * _BYTES_A_NUMBER


class _Chunks:
    """Rows of an epoch, held a chunk at a time in the order they will be asked for."""

    def __init__(self, order: NDArray[np.int64] | None = None) -> None:
        import numpy as np

        self._order = np.zeros(0, np.int64) if order is None else order
        self._place = np.zeros(len(self._order), np.int64)
        self._place[self._order] = np.arange(len(self._order))
        self._start = self._stop = 0
        self._values: Any = None

    def holds(self, rows: NDArray[np.int64]) -> bool:
        places = self._place[rows]
        return bool(self._start <= places.min() and places.max() < self._stop)

    def next_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows from the first one asked for, a chunk of them."""
        self._start = int(self._place[rows].min())
        self._stop = max(int(self._place[rows].max()) + 1, min(self._start + _whole(len(rows)), len(self._order)))
        return self._order[self._start : self._stop]

    def following_rows(self, batch_images: int) -> NDArray[np.int64]:
        """The rows of the chunk behind this one, where batches go on as they are."""
        return self._order[self._stop : self._stop + _whole(batch_images)]

    def fill(self, rows: NDArray[np.int64], values: NDArray[Any]) -> None:
        assert len(rows) == len(values) == self._stop - self._start
        self._values = values

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        found: NDArray[Any] = self._values[self._place[rows] - self._start]
        return found


def _whole(batch_images: int) -> int:
    """Images of a chunk that no batch lies across the end of."""
    return max(1, CHUNK_IMAGES // batch_images) * batch_images


def _training_view(number: int) -> str:
    return f"training view {number}"


def _extractor(run: StudyRun, network: TrainableNetwork) -> FeatureExtractor | None:
    from lowres.networks.features import FeatureExtractor

    if network.below is None:
        return None
    choices = run.recipe.features
    return FeatureExtractor(network.below, choices.engine, choices.precision, pooled=False)
