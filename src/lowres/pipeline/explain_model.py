"""Heat maps of anybody's Keras file on anybody's pictures: raw maps as .npz, and one sheet to look at."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import PredictionsError
from lowres.pipeline.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.networks.own_model import InputRange, OwnModel
    from lowres.values.explaining.explanation import Explanation

MAPS_FILE, SHEET_FILE = "explanation.npz", "explanation.png"
# Below, a pass is over before a network of a hundred layers is compiled.
FEW_IMAGES = 128


@dataclass(frozen=True)
class ModelQuestion:
    """What is asked of a model.

    pictures: files, or folders of them. layer: empty for the last feature map. target, against: class names or numbers;
    without a target it is each picture's answer. class_names: empty where the file has them, or nobody knows.
    """

    model: Path
    pictures: tuple[Path, ...]
    out: Path
    layer: str = ""
    method: str = "grad-cam"
    target: str = ""
    against: str = ""
    class_names: tuple[str, ...] = ()
    input_range: InputRange = "0..255"
    input_pixels: int = 0


@dataclass(frozen=True)
class ModelAnswer:
    """What came of it. contract: what the model was fed. doubt: why that may be wrong, or the empty string."""

    n: int
    method: str
    layer: str
    map_shape: tuple[int, int]
    contract: str
    doubt: str
    maps: Path
    sheet: Path
    seconds: float


def explain_model(question: ModelQuestion, progress: Progress) -> ModelAnswer:
    """Explain the model's answers, or a class, or a class against another, on every picture, and write both files."""
    from lowres.files.pictures.given_pictures import find_pictures, read_pictures
    from lowres.files.study.predictions_file import write_arrays
    from lowres.networks.backend import load_backend
    from lowres.values.explaining.class_activation import find_method

    started = time.perf_counter()
    method, files = find_method(question.method), find_pictures(question.pictures)
    load_backend()
    from lowres.networks.own_model import open_own_model

    own = open_own_model(
        question.model,
        layer=question.layer,
        input_range=question.input_range,
        input_pixels=question.input_pixels,
        class_names=question.class_names,
    )
    height, width, _ = own.classifier.image_shape
    pixels = read_pictures(files, height, width)
    ids = tuple(file.as_posix() for file in files)
    explanation, logits = _explained(question, own, pixels, ids, method.title, progress)
    question.out.mkdir(parents=True, exist_ok=True)
    extra = {"logits": logits, "class_names": _strings(own.classifier.class_names)}
    write_arrays(question.out / MAPS_FILE, explanation.to_arrays() | extra)
    _write_sheet(question, own, pixels, explanation, logits)
    return ModelAnswer(
        n=len(files),
        method=method.title,
        layer=explanation.layer,
        map_shape=(explanation.maps.shape[1], explanation.maps.shape[2]),
        contract=own.contract,
        doubt=own.doubt,
        maps=question.out / MAPS_FILE,
        sheet=question.out / SHEET_FILE,
        seconds=time.perf_counter() - started,
    )


def _explained(
    question: ModelQuestion,
    own: OwnModel,
    pixels: NDArray[np.uint8],
    ids: tuple[str, ...],
    title: str,
    progress: Progress,
) -> tuple[Explanation, NDArray[np.float32]]:
    import numpy as np

    from lowres.networks.engines import UncompiledEngine
    from lowres.networks.explaining import Explainer
    from lowres.values.explaining.explanation import Explanation

    names, shown = own.classifier.class_names, _as_fed(pixels, own.classifier.image_shape[2])
    # The model's own saved cut is the default layer of what lowres saved; any other cut was made when it was opened.
    explainer = Explainer(own.classifier, question.layer)
    if len(shown) < FEW_IMAGES:
        explainer.engine = UncompiledEngine(explainer.trunk)
    logits = explainer.logits(shown)
    wanted = _class(question.target, names)
    targets = logits.argmax(axis=1) if wanted is None else np.full(len(shown), wanted)
    other = _class(question.against, names)
    maps = explainer.maps(
        shown,
        targets,
        None if other is None else np.full(len(shown), other),
        method=question.method,
        advance=lambda done, total: progress.advance("heat maps", done, total),
    )
    return Explanation(ids, targets.astype(np.int64), maps, title, explainer.layer), logits


def _as_fed(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """RGB, or grey for a model of one channel."""
    import numpy as np

    if channels == 3:
        return pixels
    return np.asarray(np.rint(pixels @ np.array([0.299, 0.587, 0.114]))[..., None], dtype=np.uint8)


def _class(word: str, names: tuple[str, ...]) -> int | None:
    """The class that a name or a number means; None for no word."""
    if not word:
        return None
    if word in names:
        return names.index(word)
    if word.isdigit() and int(word) < len(names):
        return int(word)
    from lowres.values.recipes.recipe import nearest

    raise PredictionsError(f"expected a class of the model, or its number, got {word!r}; {nearest(word, list(names))}")


def _write_sheet(
    question: ModelQuestion,
    own: OwnModel,
    pixels: NDArray[np.uint8],
    explanation: Explanation,
    logits: NDArray[np.float32],
) -> None:
    import numpy as np

    from lowres.faces.figures.heat_sheet import HeatTile, heat_sheet
    from lowres.files.atomic import atomic_write_bytes
    from lowres.values.explaining.explanation import for_display

    names = own.classifier.class_names
    weights = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    sure = weights.max(axis=1) / weights.sum(axis=1)
    answers = [names[row] for row in logits.argmax(axis=1)]
    against = f", not {question.against}" if question.against else ""
    tiles = [
        HeatTile(Path(id).name, picture, heat, f"{answer}, {share:.0%}", f"why {names[target]}{against}")
        for id, picture, heat, answer, share, target in zip(
            explanation.ids,
            pixels,
            for_display(explanation.maps),
            answers,
            sure,
            explanation.target_classes,
            strict=True,
        )
    ]
    drawing = heat_sheet(tiles, f"What {question.model.name} looks at ({explanation.method})", explanation.layer)
    atomic_write_bytes(question.out / SHEET_FILE, drawing.png)


def _strings(names: tuple[str, ...]) -> NDArray[np.str_]:
    import numpy as np

    return np.array(names, dtype=np.str_)
