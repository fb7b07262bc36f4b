"""Features of a study's images: out of the cache where they are, out of the trunk where they are not."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lowres.errors import TrainingError
from lowres.files.machine import installed_versions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.files.feature_cache import CachedFeatures, FeatureKey
    from lowres.files.weights.published import Weights
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.recipes.recipe import Recipe

# To be raised whenever an augmented view of the same choices and seed would no longer be the same pixels.
_AUGMENTATION_CODE = 1
ENGINE_PACKAGES = {
    "openvino": ("openvino",),
    "keras": ("keras", "tensorflow", "tensorflow-cpu", "jax", "torch"),
}


class TrunkFeatures:
    """The frozen trunk of a study's recipe over the study's images; nothing is built before it is needed."""

    def __init__(self, run: StudyRun) -> None:
        """Take the recipe, the images and the watcher of a run."""
        self._run = run
        self._images = run.images
        self._network = run.recipe.network

    @cached_property
    def weights(self) -> Weights | None:
        """The backbone's published weights, or those given; None for a backbone that begins with random ones."""
        from lowres.files.weights.published import load_weights
        from lowres.networks.backbones.trunk import find_backbone

        if find_backbone(self._network.backbone).load is None or (self._is_drawn and not self._run.given.weights):
            return None
        return load_weights(
            self._network.backbone,
            from_file=self._run.given.weights,
            trusted_sha256=self._network.weights_sha256,
            report=self._run.progress.note,
        )

    @cached_property
    def trunk(self) -> Any:
        """The Keras model from uint8 pixels to the feature map."""
        from lowres.networks.backbones.trunk import build_trunk

        return build_trunk(
            self._network.backbone,
            (self._images.height, self._images.width, 3),
            self._network.input_pixels,
            self._network.interpolation,
            self.weights.tensors if self.weights else None,
            scaling=self._network.scaling,
            levels=self._network.levels,
            seed=self._run.recipe.seed,
        )

    @cached_property
    def extractor(self) -> Any:
        """What runs the trunk."""
        from lowres.networks.features import FeatureExtractor

        choices = self._run.recipe.features
        return FeatureExtractor(self.trunk, choices.engine, choices.precision)

    @property
    def engine(self) -> str:
        """The engine with its version and precision, such as `openvino 2026.4.1 bfloat16`."""
        return engine_of(self.extractor)

    def key(self, flipped: bool = False) -> FeatureKey:
        """Everything these features depend on."""
        return self.key_of(self.extractor, "flipped" if flipped else "plain")

    def key_of(self, extractor: Any, view: str) -> FeatureKey:
        """Everything that what an extractor makes of a view of these images depends on."""
        from lowres.files.feature_cache import FeatureKey

        return FeatureKey(
            weights_sha256=self.weights.sha256 if self.weights else self._draw,
            backbone=", ".join((self._network.backbone, self._network.scaling, self._network.levels)),
            input_pixels=self._network.input_pixels,
            interpolation=self._network.interpolation,
            precision=extractor.precision,
            engine=engine_of(extractor),
            view=view,
            images_fingerprint=self._images.fingerprint,
        )

    @property
    def _is_drawn(self) -> bool:
        from lowres.values.training.drawn_networks import is_seeded

        return is_seeded(self._network)

    @property
    def _draw(self) -> str:
        said = f"by seed {self._run.recipe.seed}" if self._is_drawn else "always the same"
        return f"drawn at random, {said}"

    def read(self, rows: NDArray[np.int64], flipped: bool = False) -> NDArray[np.float32]:
        """Return float32 `[rows, channels]`, having extracted and kept what was missing.

        Refused with TrainingError: a trunk that gives NaN or infinity.
        """
        what = "features of mirrored images" if flipped else "features of images"
        return self._read(rows, self.key(flipped), what, flipped=flipped)

    def read_view(self, rows: NDArray[np.int64], number: int) -> NDArray[np.float32]:
        """Return the features of the augmented view of that number (from 0), as `read` does.

        The view is what the recipe's augmentation makes of an image in epoch `number`, by the image's row among all.
        """
        from lowres.values.altering.augmentation import augment

        recipe = self._run.recipe

        def view(pixels: NDArray[np.uint8], numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
            return augment(pixels, numbers, recipe.frozen_augmentation, seed=recipe.seed, epoch=number)

        key = self.key_of(self.extractor, f"augmented {augmentation_digest(recipe)}, view {number}")
        return self._read(rows, key, f"features of augmented view {number + 1}", view=view)

    def missing_images(self, rows: NDArray[np.int64], flipped: bool = False) -> int:
        """Return how many of the rows `read` would have to run through the trunk."""
        return len(self._kept(self.key(flipped)).missing(rows))

    def _read(self, rows: NDArray[np.int64], key: FeatureKey, what: str, **look: Any) -> NDArray[np.float32]:
        kept = self._kept(key)
        missing = kept.missing(rows)
        done = len(rows) - len(missing)
        for batch in self.extractor.batches(self._images.pixels, missing, **look):
            self._check(batch.features)
            kept.write(batch.rows, batch.features)
            done += len(batch.rows)
            self._run.progress.advance(what, done, len(rows))
        return kept.read(rows)

    def _kept(self, key: FeatureKey) -> CachedFeatures:
        from lowres.files.cache_folder import cache_folder
        from lowres.files.feature_cache import FeatureCache

        # float32, so that the head sees what the saved model will compute and not a rounded copy of it.
        cache = FeatureCache(cache_folder("features"))
        channels = int(self.extractor.feature_shape[-1])
        return cache.open_features(key, len(self._images), channels, storage="float32")

    def _check(self, features: NDArray[np.float32]) -> None:
        import numpy as np

        if not np.isfinite(features).all():
            raise TrainingError(
                f"expected finite features from {self._network.backbone}, got NaN or infinity with {self.engine}; "
                "try --set features.precision=float32"
            )


def augmentation_digest(recipe: Recipe) -> str:
    """Return a name for everything the pixels of augmented views depend on beside the images and a view's number."""
    said = [_AUGMENTATION_CODE, recipe.frozen_augmentation.model_dump(mode="json"), recipe.seed]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def engine_of(extractor: Any) -> str:
    """Return the engine with its version and precision, such as `openvino 2026.4.1 bfloat16`."""
    versions = installed_versions(ENGINE_PACKAGES[extractor.engine])
    return " ".join([*(f"{name} {version}" for name, version in versions.items()), extractor.precision])
