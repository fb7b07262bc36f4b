"""The sections of a recipe that say how a network is trained: augmentation, the two phases, test-time views."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

FlipKind = Literal["none", "random", "alternating", "auto"]
PolicyKind = Literal["none", "trivial", "random"]
ScheduleKind = Literal["constant", "linear", "cosine", "steps", "plateau"]
LossKind = Literal["cross-entropy", "focal"]


class Section(BaseModel):
    """One table of a recipe: frozen, no unknown keys, no NaN and no infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Augmentation(Section):
    """How training images are changed before the network sees them; the defaults change nothing."""

    flip: FlipKind = Field(
        "none",
        description="Mirror left and right: random: half of the images, drawn anew each epoch; alternating: drawn for "
        "the first epoch, then the other way round every epoch; auto: alternating in fine-tuning if the frozen phase's "
        "classifier knows mirrored validation images as well as the others, else none.",
    )
    shift_pixels: int = Field(0, ge=0, le=1024, description="Farthest shift each way in pixels; edges are mirrored.")
    shift_fraction: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Farthest shift each way as a fraction of the longer side, rounded; shift_pixels counts if larger.",
    )
    rotation_fraction: float = Field(
        0.0, ge=0, le=0.5, description="Farthest rotation each way as a fraction of a full turn; 0.1 is 36 degrees."
    )
    zoom_fraction: float = Field(
        0.0, ge=0, le=0.9, description="Farthest zoom, out and in, as a fraction of the image; 0.1 is 10 %."
    )
    cutout_pixels: int = Field(
        0, ge=0, le=1024, description="Side in pixels of a square painted with the image's mean colour; 0: none."
    )
    brightness: float = Field(0.0, ge=0, le=1, description="Farthest change of brightness as a fraction of it.")
    contrast: float = Field(0.0, ge=0, le=1, description="Farthest change of contrast as a fraction of it.")
    saturation: float = Field(0.0, ge=0, le=1, description="Farthest change of saturation as a fraction of it.")
    policy: PolicyKind = Field(
        "none",
        description="trivial: one more change an image, kind and strength drawn (TrivialAugment); random: as many as "
        "policy_changes says, kinds drawn, all of policy_strength (RandAugment).",
    )
    policy_changes: int = Field(2, ge=1, le=10, description="With policy = random: changes an image.")
    policy_strength: float = Field(
        0.3, ge=0, le=1, description="With policy = random: strength of each change; the paper's magnitude by 30."
    )

    @property
    def changes_nothing(self) -> bool:
        """Whether every image stays as it is; how a policy would go is of no account where there is none."""
        return self._without_idle_words() == Augmentation()

    @property
    def has_idle_words(self) -> bool:
        """Whether it says how a policy should go where none goes by that."""
        return self._without_idle_words() != self

    def _without_idle_words(self) -> Augmentation:
        unsaid = {} if self.policy == "random" else {"policy_changes": 2, "policy_strength": 0.3}
        return self.model_copy(update=unsaid)


class FrozenPhase(Section):
    """Training the head while the trunk stands still; `head` says which heads, how long and at what rate."""

    views: int = Field(
        1,
        ge=1,
        le=100,
        description="Augmented views of each training image whose features are cached for the head, beside those of "
        "the image as it is; the dense head sees one of them an epoch, in turn, the others see all at once. 1: none of "
        "them, only the image, and mirrored where features.flipped_views says so.",
    )
    early_stopping_patience_epochs: int = Field(
        5, ge=0, description="Epochs without a better validation after which the dense head stops; 0: never."
    )
    plateau_patience_epochs: int = Field(
        3, ge=0, description="Epochs without a better validation after which the dense head's rate drops; 0: never."
    )
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="What the rate is multiplied with when it drops.")


class FineTuning(Section):
    """Training the upper part of the trunk together with the head; none with 0 epochs."""

    epochs: int = Field(0, ge=0, le=10_000, description="Longest fine-tuning in epochs; 0: the trunk stays frozen.")
    members: int = Field(
        1,
        ge=1,
        le=100,
        description="Networks fine-tuned one after another, each with a seed of its own, their logits averaged in one "
        "model: more accurate, and as many times as long.",
    )
    from_layer: str = Field(
        "", description='First layer or block that trains, such as "conv5" or "blocks_5"; empty: the whole trunk.'
    )
    cache_activations: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Keep what the frozen part below from_layer makes of a view on disk until training ends; auto: "
        "where a view is seen again and all fit the disk budget; always: whether they fit or not. Changes the time, "
        "and at most the last bit of an activation here and there.",
    )
    disk_budget_gigabytes: float = Field(4.0, gt=0, description="Most disk the cached activations may take, in GB.")
    views: int = Field(
        0,
        ge=0,
        le=1000,
        description="Augmented views of each training image, one an epoch in turn; 0: a new one every epoch.",
    )
    batch_images: int = Field(32, ge=1, description="Images in one pass; halved, with accumulation, if memory ends.")
    accumulation_steps: int = Field(1, ge=1, description="Passes whose gradients are averaged into one update.")
    optimizer: Literal["adam", "adamw", "sgd", "muon"] = Field(
        "adamw",
        description="What updates the weights; sgd: with Nesterov momentum 0.9; muon: an update of a convolution's "
        "kernel is made orthogonal and the kernel kept at one length, all else by sgd with momentum 0.85.",
    )
    learning_rate: float = Field(1e-4, gt=0, description="Highest learning rate, before the factors that follow.")
    head_rate_factor: float = Field(1.0, gt=0, description="What the rate is multiplied with for the head.")
    bias_rate_factor: float = Field(
        1.0, gt=0, description="What the rate is multiplied with for the trunk's biases and BatchNorm's offsets."
    )
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="What the rate is multiplied with for each block further down; 1: one rate."
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decoupled decay of the kernels, times the rate, an update; adam takes none, and muon decays all "
        "but the convolutions' kernels, whatever the factors of their rates.",
    )
    schedule: ScheduleKind = Field(
        "cosine",
        description="The rate after warm-up: constant; linear or cosine down to nothing; steps: a tenth from half of "
        "the updates on, a hundredth from three quarters on; or plateau (see below).",
    )
    warmup_fraction: float = Field(0.0, ge=0, lt=1, description="Fraction of all updates over which the rate rises.")
    weight_averaging: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the averaged weights that an update keeps, such as 0.99, and those are judged and kept; "
        "0: no average.",
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of each target spread over all classes.")
    mixup_alpha: float = Field(0.0, ge=0, description="Beta parameter of mixup; 0: none. With cutmix: each batch one.")
    cutmix_alpha: float = Field(0.0, ge=0, description="Beta parameter of cutmix; 0: none.")
    loss: LossKind = Field("cross-entropy", description="What is minimised.")
    focal_gamma: float = Field(2.0, ge=0, description="How far focal loss plays down what is easy; 0: cross-entropy.")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: rare classes weigh more, by the inverse of their number of images."
    )
    gradient_clip_norm: float = Field(0.0, ge=0, description="Longest gradient of all weights together; 0: any.")
    sharpness_radius: float = Field(
        0.0,
        ge=0,
        description="Sharpness-aware minimisation: how far, over all weights together, a pass looks for a higher loss "
        "before the gradient is taken; 0: not at all. Twice the passes.",
    )
    progressive_pixels: tuple[Annotated[int, Field(ge=8, le=1024)], ...] = Field(
        (),
        description="Sides to which images are shrunk first, smallest first, in equal shares of the epochs; the last "
        "share is at network.input_pixels, which has to be the images' own side. Empty: all at that side.",
    )
    freeze_from_fraction: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Fraction of the epochs after which blocks of the trunk stop training one by one, lowest first, "
        "in even steps; the highest trains to the end. 0: all do.",
    )
    whitening_bias_epochs: int = Field(
        0, ge=0, description="Epochs after which the bias of a whitening first layer stands still; 0: never."
    )
    normalisation: Literal["inference", "training"] = Field(
        "inference", description="BatchNorm uses the pretrained statistics (inference) or each batch's (training)."
    )
    depthwise: Literal["train", "freeze"] = Field(
        "train",
        description="Depthwise kernels with their scales: train, or freeze: few of the weights, much of the time of a "
        "step on a processor.",
    )
    precision: Literal["auto", "bfloat16", "float32"] = Field(
        "auto",
        description="Arithmetic of the trunk; head and loss are always float32. auto: the faster that the processor "
        "has.",
    )
    early_stopping_patience_epochs: int = Field(
        0, ge=0, description="Epochs without a better validation after which fine-tuning stops; 0: never."
    )
    plateau_patience_epochs: int = Field(
        3, ge=0, description="Epochs without a better validation after which schedule plateau drops the rate; 0: never."
    )
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="What the rate is multiplied with when it drops.")
    keep: Literal["best", "last"] = Field(
        "best", description="Which epoch's weights are kept: best in validation, or last; averaged ones where averaged."
    )
    retrain_on_all: bool = Field(
        False,
        description="When validation has decided everything, train anew on training and validation images together; "
        "that network is kept, while temperature and thresholds stay those of the first. With keep = last.",
    )

    @model_validator(mode="after")
    def _kept_without_validation(self) -> FineTuning:
        if self.retrain_on_all and self.keep != "last":
            raise ValueError('expected keep = "last" with retrain_on_all, as no validation is left to name the best')
        return self


class SelfTraining(Section):
    """What unlabelled images teach: fine-tuning's network is the teacher, its answers on them the student's targets.

    Hinton et al. 2015 (distillation), Xie et al. 2020 (a student that sees changed images, the teacher unchanged ones).
    """

    epochs: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Epochs in which a student learns from labelled and unlabelled images together, as fine_tuning "
        "says else; validation keeps the better of student and teacher. Unlabelled: images of the source that the "
        "split leaves over, and those of --unlabelled; where there are none, none is trained. 0: no student.",
    )
    images: int = Field(0, ge=0, description="Most unlabelled images, drawn by the seed; 0: all there are.")


class TestTime(Section):
    """What is done with an image that is to be judged."""

    # pytest would take a class of this name for tests of its own.
    __test__ = False

    flips: bool = Field(
        False, description="Judge each image and its mirror image together; reported apart from without."
    )
    shifts: bool = Field(
        False,
        description="With flips: judge each image also moved by a pixel up and left, and down and right, each with its "
        "mirror image: six views, of which the unmoved two weigh half; reported apart from fewer.",
    )
