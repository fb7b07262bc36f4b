"""One run over a study: what the stages share, each thing fetched when a stage first asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from lowres.errors import StudyError
from lowres.files.given_files import GivenFiles
from lowres.files.study.study_folder import Study, StudySource
from lowres.pipeline.progress import Progress
from lowres.values.recipes.recipe import Recipe

if TYPE_CHECKING:
    from lowres.faces.tensorboard_log import TrainingLog
    from lowres.files.sources.open_source import OpenedSource
    from lowres.pipeline.training.trunk_features import TrunkFeatures
    from lowres.values.labelled_images import LabelledImages
    from lowres.values.split import Split
    from lowres.values.unlabelled import Unlabelled

SPLIT_FILE = "split.csv"
MODEL_FILE = "model.keras"
# The network that validation knew, where the one in model.keras was trained on the validation part too.
CHOSEN_MODEL_FILE = "checkpoints/chosen.keras"


class StudyRun:
    """A study being worked on: its recipe, where its images come from, and who watches.

    Nothing is opened before it is needed: a study that is finished answers without reading a picture.
    """

    def __init__(
        self,
        study: Study,
        recipe: Recipe,
        source: StudySource,
        progress: Progress,
        given: GivenFiles | None = None,
        accepts_preflight: bool = False,
        is_deterministic: bool = False,
        training_log: TrainingLog | None = None,
    ) -> None:
        """Hold what the stages share; `given` are files fetched by hand, `accepts_preflight` trains in spite of it.

        is_deterministic: only repeatable operations train, and what trains is proven to be repeatable before.
        training_log: is told every epoch of fine-tuning.
        """
        self.study = study
        self.recipe = recipe
        self.source = source
        self.progress = progress
        self.given = given or GivenFiles()
        self.accepts_preflight = accepts_preflight
        self.is_deterministic = is_deterministic
        self.training_log = training_log

    @property
    def location(self) -> str:
        """What the source's room takes: a built-in name or a path."""
        return self.source.location(self.study.folder)

    @cached_property
    def opened(self) -> OpenedSource:
        """The images with where they came from, opened on the first use."""
        from lowres.files.sources.open_source import open_source

        choices = self.recipe.images
        return open_source(
            self.location,
            canvas_pixels=choices.canvas_pixels,
            fit=choices.fit,
            skip_damaged=self.source.skip_damaged,
            from_file=self.given.data,
            report=self.progress.note,
        )

    @cached_property
    def images(self) -> LabelledImages:
        """The images the first stage recorded; refused with StudyError where they have changed behind its back."""
        images = self.opened.images
        if images.fingerprint != self.study.ledger.stages["images"].facts["fingerprint"]:
            # Sizes and times said that nothing changed; the content says it did.
            self.study.forget("images")
            raise StudyError(
                f"expected the images of {self.location} as they were read before, got others of the same sizes and "
                "times; run the same command again to take them as they are now"
            )
        return images

    @cached_property
    def split(self) -> Split:
        """The split as split.csv has it."""
        from lowres.files.study.split_file import read_split

        return read_split(self.study.folder / SPLIT_FILE, self.images)

    @cached_property
    def unlabelled(self) -> Unlabelled:
        """Images that teach without a label: what the split leaves over, and the pictures of --unlabelled."""
        from lowres.values.unlabelled import find_unlabelled

        images, further = self.images, None
        if self.source.unlabelled:
            from lowres.files.sources.unlabelled_pictures import open_unlabelled

            size, fit = (images.width, images.height), self.recipe.images.fit
            place = self.source.unlabelled_place(self.study.folder)
            found = open_unlabelled(place, size, fit, self.source.skip_damaged, self.progress.note)
            if found.skipped:
                self.progress.note(f"left out: {len(found.skipped)} damaged unlabelled pictures")
            further = found.pixels
        most, seed = self.recipe.self_training.images, self.recipe.seed
        return find_unlabelled(images, self.split, further, most=most, seed=seed)

    @cached_property
    def features(self) -> TrunkFeatures:
        """The frozen trunk over the images, by way of the cache."""
        from lowres.pipeline.training.trunk_features import TrunkFeatures

        return TrunkFeatures(self)

    @cached_property
    def classifier(self) -> Any:
        """The classifier as model.keras has it: always out of the file, never out of the training's memory."""
        from lowres.networks.trained_classifier import TrainedClassifier

        return TrainedClassifier.load(self.study.folder / MODEL_FILE)

    @cached_property
    def chosen_classifier(self) -> Any:
        """The classifier that never saw the validation part: that of model.keras, or the one trained before it."""
        from lowres.networks.trained_classifier import TrainedClassifier

        if not self.recipe.retrains_on_all:
            return self.classifier
        return TrainedClassifier.load(self.study.folder / CHOSEN_MODEL_FILE)
