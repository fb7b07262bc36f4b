"""A recipe: every choice of a study, with its unit, in one frozen value."""

from __future__ import annotations

import difflib
import json
import tomllib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from lowres.errors import RecipeError
from lowres.values.recipes.judging_sections import EvaluationChoices, ExplanationChoices
from lowres.values.recipes.recipe_sections import (
    Augmentation,
    FineTuning,
    FrozenPhase,
    Section,
    SelfTraining,
    TestTime,
)

BackboneName = str
Interpolation = Literal["bilinear", "bicubic"]
HeadKind = Literal["linear", "lda", "dense", "published"]


class Images(Section):
    """How pictures of different sizes become one array."""

    canvas_pixels: int = Field(
        0,
        ge=0,
        le=1024,
        description="Side in pixels of the square all pictures are brought to; 0 keeps their common "
        "size, or takes the median shorter side (at most 224) where sizes differ.",
    )
    fit: Literal["squash", "crop", "pad"] = Field(
        "squash",
        description="How a picture of another shape meets the canvas: squash (nothing is lost), crop the "
        "middle, or pad with the mean colour.",
    )


class SplitChoices(Section):
    """Which images train, validate and test."""

    pool_images: int | None = Field(
        None,
        ge=0,
        description="Images drawn for training and validation together; 0 takes all there are; left out: "
        "the data set's customary number (10,000 for cifar10, else all).",
    )
    validation_fraction: float = Field(0.2, gt=0, lt=1, description="Fraction of the pool that validates.")
    test_fraction: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="Fraction of all images that tests, where the source holds none out itself.",
    )
    seed: int = Field(42, ge=0, lt=2**32, description="Seed of the split, apart from the training's.")


class Network(Section):
    """The trunk: where its weights come from and how it sees the pixels."""

    backbone: BackboneName = Field("efficientnet-lite0", description="Trunk, by name; `lowres recipes --backbones`.")
    weights_sha256: str = Field(
        "",
        pattern="^([0-9a-f]{64})?$",
        description="SHA-256 over the tensors of weights you trust, given once with --from: for backbones whose "
        "published weights lowres does not know, or for weights of your own. Empty: the published ones.",
    )
    input_pixels: int = Field(224, ge=8, le=1024, description="Side in pixels the trunk sees; resizing is inside it.")
    interpolation: Interpolation = Field("bicubic", description="How pixels are resized to the trunk's input.")
    levels: Literal["last", "several"] = Field(
        "last",
        description="What the head sees: the trunk's last feature map, or that joined with the ends of its late stages "
        "(several), which costs nothing and helps a frozen trunk on small pictures.",
    )
    scaling: Literal["contract", "unit-then-contract"] = Field(
        "contract",
        description="How pixels are scaled inside the network: as the trunk expects them (contract), or to 0-1 first "
        "and then as if they were 0-255 (unit-then-contract): the described system's mistake, kept to be shown.",
    )


class Features(Section):
    """The frozen pass."""

    engine: Literal["auto", "openvino", "keras"] = Field(
        "auto",
        description="What runs the frozen trunk; auto: OpenVINO where it is installed, else Keras.",
    )
    precision: Literal["auto", "bfloat16", "float32"] = Field(
        "auto",
        description="Arithmetic of the frozen pass; auto: bfloat16 where the processor is quick at it.",
    )
    flipped_views: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Train the head on mirrored images too; auto: if validation says it pays, and never beside "
        "augmented views (frozen_phase.views), of which augmentation.flip says whether they are mirrored.",
    )


class Head(Section):
    """The part that is trained on the frozen features."""

    kinds: tuple[HeadKind, ...] = Field(
        ("linear", "lda"),
        min_length=1,
        description="Heads to try; validation chooses. linear: multinomial logistic "
        "regression; lda: linear discriminant analysis; dense: Dropout .3, Dense 256 ReLU, Dropout .3, Dense. "
        "published, alone: the classifier the network was published with, at random, or as it is in weights that were "
        "given for these classes; there is no frozen phase then, fine_tuning trains it with the trunk.",
    )
    standardise: bool = Field(
        True,
        description="Bring each feature to mean 0 and deviation 1 for the dense head; false: as the trunk gives them, "
        "as in the described system. linear and lda always have them standardised.",
    )
    regularisations: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (1e-2, 3e-2, 1e-1),
        min_length=1,
        description="L2 strengths the linear head tries, per image; validation chooses.",
    )
    epochs: int = Field(40, ge=1, description="Longest training of the dense head in epochs.")
    batch_images: int = Field(32, ge=1, description="Images a step of the dense head.")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's rate for the dense head.")

    @field_validator("kinds")
    @classmethod
    def _published_alone(cls, kinds: tuple[HeadKind, ...]) -> tuple[HeadKind, ...]:
        if "published" in kinds and len(kinds) > 1:
            raise ValueError('expected "published" alone, as no frozen phase could choose between it and others')
        return kinds


class Recipe(Section):
    """Every choice of a study. Frozen: `with_settings` returns a changed copy."""

    name: str = Field(description="What the recipe is called.")
    about: str = Field("", description="Command, cost and expected result with n, for `lowres recipes`.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything random but the split.")
    images: Images = Images()
    split: SplitChoices = SplitChoices()
    network: Network = Network()
    features: Features = Features()
    head: Head = Head()
    augmentation: Augmentation = Augmentation()
    frozen_phase: FrozenPhase = FrozenPhase()
    fine_tuning: FineTuning = FineTuning()
    self_training: SelfTraining = SelfTraining()
    test_time: TestTime = TestTime()
    evaluation: EvaluationChoices = EvaluationChoices()
    explanation: ExplanationChoices = ExplanationChoices()

    @model_validator(mode="after")
    def _student_with_a_teacher(self) -> Recipe:
        if self.self_training.epochs and not self.fine_tuning.epochs:
            raise ValueError("expected self_training.epochs only with fine_tuning.epochs, as its network teaches")
        if self.self_training.epochs and self.fine_tuning.retrain_on_all:
            raise ValueError("expected self_training.epochs or fine_tuning.retrain_on_all, not both")
        return self

    @property
    def has_frozen_phase(self) -> bool:
        """Whether heads are fitted on the frozen trunk's features; else fine-tuning begins at random."""
        return self.head.kinds != ("published",)

    @property
    def retrains_on_all(self) -> bool:
        """Whether the network that is kept was trained on the validation part too, after it had decided everything."""
        return self.fine_tuning.epochs > 0 and self.fine_tuning.retrain_on_all

    @property
    def student(self) -> Recipe:
        """The recipe by which a student of the members is fine-tuned: one more network, with a seed behind theirs."""
        members = self.fine_tuning.members
        tuning = self.fine_tuning.model_copy(update={"epochs": self.self_training.epochs, "members": 1})
        return self.model_copy(update={"fine_tuning": tuning, "seed": (self.seed + members) % 2**32})

    @property
    def frozen_augmentation(self) -> Augmentation:
        """The augmentation as the frozen phase sees it, which ends before `flip = auto` is decided: without a flip."""
        undecided = self.augmentation.flip == "auto"
        return self.augmentation.model_copy(update={"flip": "none"}) if undecided else self.augmentation

    @property
    def augmented_frozen_views(self) -> int:
        """How many augmented views of each training image heads are fitted on, beside the image itself; 0: none."""
        has_views = self.has_frozen_phase and self.frozen_phase.views > 1
        return self.frozen_phase.views if has_views and not self.frozen_augmentation.changes_nothing else 0

    def with_settings(self, settings: dict[str, str]) -> Recipe:
        """Return a copy with dotted keys replaced, such as `{"network.input_pixels": "160"}`; values are TOML."""
        data = self.model_dump(mode="json", exclude_none=True)
        for key, text in settings.items():
            _set(data, key, _toml_value(text))
        return recipe_from_data(data, origin="--set")


def parse_recipe(text: str, origin: str) -> Recipe:
    """Read a recipe from TOML text; `origin` names it in errors. Refused with RecipeError: unknown keys, bad values."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"expected a recipe as TOML in {origin}, got text that does not parse: {error}") from error
    return recipe_from_data(data, origin)


def recipe_from_data(data: dict[str, Any], origin: str) -> Recipe:
    """Build a recipe from nested tables; every complaint names its key, and unknown keys the nearest known one."""
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise RecipeError("\n".join(_complaint(item, origin) for item in error.errors())) from error


def field_keys() -> dict[str, str]:
    """Every dotted key of a recipe with its description, in the order of the model."""
    return dict(_walk(Recipe, ""))


def nearest(word: str, known: list[str]) -> str:
    """Return "; did you mean ...?" for the closest known word, or the list of all of them."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def recipe_to_toml(recipe: Recipe) -> str:
    """Write a recipe as TOML that `parse_recipe` reads back as an equal value."""
    data = recipe.model_dump(mode="json", exclude_none=True)
    tables = {key: value for key, value in data.items() if isinstance(value, dict)}
    lines = [f"{key} = {_toml_text(value)}" for key, value in data.items() if key not in tables]
    for table, rows in tables.items():
        lines += ["", f"[{table}]"] + [f"{key} = {_toml_text(value)}" for key, value in rows.items()]
    return "\n".join(lines) + "\n"


def _walk(model: type[BaseModel], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            rows += _walk(info.annotation, f"{prefix}{name}.")
        else:
            rows.append((prefix + name, info.description or ""))
    return rows


def _complaint(item: Any, origin: str) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"unknown key {key!r} in {origin}; {nearest(key, list(field_keys()))}"
    if item["type"] == "missing":
        return f"expected a value for {key!r} in {origin}, got none"
    return f"{key} in {origin}: {item['msg']}, got {item['input']!r}"


def _set(data: dict[str, Any], key: str, value: Any) -> None:
    known = list(field_keys())
    if key not in known:
        raise RecipeError(f"unknown key {key!r} in --set; {nearest(key, known)}")
    *tables, last = key.split(".")
    for table in tables:
        data = data.setdefault(table, {})
    data[last] = value


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        # A bare word is a string: `--set network.backbone=resnet50` needs no second pair of quotes.
        return text


def _toml_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml_text(item) for item in value) + "]"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for surrogate pairs and DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
