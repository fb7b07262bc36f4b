"""Writes benchmarks/results/peers.json: fastai, timm and plain Keras on lowres' split and weights, minute for minute.

    .venv/bin/python benchmarks/peers/compare.py [--environment FOLDER] [--only timm] [--minutes 5 15 45]

Each peer runs in an environment of its own (requirements.txt; made where it is missing) on two threads. The minutes run
from its start to its final weights; validation chooses, test is predicted once afterwards, untimed. lowres' own
recipes are studies on the same machine with an empty cache, timed from the command to the end of it: download,
preflight, report and the prediction of the test part are in their minutes, which nobody can choose. A row replaces the
row of the same machine, peer, network, size asked for, minutes, seed and images, so that it can be made in pieces; only
rows of one machine compare.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.files.atomic import atomic_write_json
from lowres.files.cache_folder import cache_folder
from lowres.files.sources.open_source import open_source
from lowres.files.weights.published import load_weights
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.features import FeatureExtractor
from lowres.values.judging.intervals import wilson_interval
from lowres.values.split import make_split

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from processor import machine  # noqa: E402  # it lies one folder up
from recipe import read_run  # noqa: E402

RESULTS = HERE.parent / "results" / "peers.json"
TRAIN_IMAGES = 8000
BACKBONES = ("efficientnet-lite0", "resnet50")
THREADS = 2
# Peer, its network, the input's side (0: the largest that fits the minutes), and what its users would call it.
ROWS = (
    ("fastai", "tf_efficientnet_lite0", 0, "vision_learner(...).fine_tune, input as large as fits"),
    ("fastai", "tf_efficientnet_lite0", 224, "vision_learner(...).fine_tune at the network's own 224 px"),
    ("fastai", "resnet50", 0, "vision_learner(...).fine_tune, the described backbone, input as large as fits"),
    ("timm", "tf_efficientnet_lite0", 0, "AdamW, cosine, mixup, random erasing, EMA; input as large as fits"),
    ("timm", "tf_efficientnet_lite0", 224, "AdamW, cosine, mixup, random erasing, EMA; the network's own 224 px"),
    ("keras", "scaled-twice", 0, "the described system as written: ResNet50, 224 px, pixels scaled twice"),
    ("keras", "right", 0, "the described system with its input scaled once"),
)
# lowres' own recipes, from the quickest.
RECIPES = ("quick", "transfer-lite0", "transfer", "best")
MINUTES = (5, 15, 45)
ROW_KEY = ("peer", "network", "pixels_asked", "minutes", "seed", "train_images", "machine")


def main() -> None:
    """Run every row asked for and write the file after each, so that a stopped run keeps what it has."""
    wanted = _arguments()
    for recipe in RECIPES:
        if wanted.only in ("", "lowres", f"lowres:{recipe}"):
            write_row(wanted.out, run_lowres(recipe, wanted.seed, wanted.images))
    if wanted.only.startswith("lowres"):
        return
    python = made_environment(wanted.environment)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        images = write_images(folder, wanted.images)
        difference = write_weights(folder, python)
        for minutes in wanted.minutes:
            taken: dict[tuple[str, str], int] = {}
            for peer, network, pixels, recipe in ROWS:
                # Where the largest that fits is the network's own size, once is enough.
                is_repeated = pixels != 0 and taken.get((peer, network)) == pixels
                names = ("", peer, f"{peer}:{network}", f"{peer}:{network}:{pixels}")
                if wanted.only in names and not is_repeated:
                    asked = {"peer": peer, "network": network, "pixels_asked": pixels, "recipe": recipe, **images}
                    row = {**asked, **run_peer(python, folder, peer, network, pixels, minutes, wanted.seed)}
                    taken[peer, network] = row["pixels"]
                    write_row(wanted.out, row | {"features_against_lowres": difference})


def made_environment(folder: Path) -> Path:
    """Return the interpreter of the peers' environment; it is made where it is missing or of other requirements."""
    requirements = HERE / "requirements.txt"
    python, kept = folder / "bin" / "python", folder / requirements.name
    if kept.exists() and kept.read_bytes() == requirements.read_bytes():
        return python
    _say(f"peers: making {folder} (about 7 GB)")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    kept.write_bytes(requirements.read_bytes())
    return python


def write_images(folder: Path, train_images: int) -> dict[str, int]:
    """Write images.npz, lowres' split of CIFAR-10, and return how many each part has.

    Fewer than 8,000 for training, to try the scripts, come with as many fewer of the other parts, drawn by the seed.
    """
    images = open_source("cifar10", report=_say).images
    split = make_split(images, pool_images=10_000)
    arrays: dict[str, NDArray[Any]] = {}
    counts: dict[str, int] = {}
    for name in ("train", "validation", "test"):
        rows = split.part(name)
        count = max(10, len(rows) * train_images // len(split.train))
        if count < len(rows):
            rows = np.sort(np.random.default_rng(42).choice(rows, count, replace=False))
        arrays |= {f"{name}_pixels": images.pixels[rows], f"{name}_labels": images.labels[rows]}
        counts[f"{name}_images"] = len(rows)
    np.savez(folder / "images.npz", **arrays)
    return counts


def write_weights(folder: Path, python: Path) -> dict[str, Any]:
    """Write the published tensors for the peers, and return how far their networks' features are from lowres' own."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (8, 14, 14, 3), dtype=np.uint8)
    reference = {"pixels": coarse.repeat(16, axis=1).repeat(16, axis=2)}
    for backbone in BACKBONES:
        tensors = load_weights(backbone, report=_say).tensors
        np.savez(folder / f"{backbone}.npz", **tensors)  # type: ignore[arg-type]
        extractor = FeatureExtractor(build_trunk(backbone, (224, 224, 3), 224, tensors=tensors), "keras", "float32")
        reference[backbone] = extractor.extract(reference["pixels"])
    np.savez(folder / "reference.npz", **reference)
    checked = subprocess.run(
        [python, HERE / "torch_networks.py", folder], check=True, stdout=subprocess.PIPE, text=True, env=environment()
    )
    found: dict[str, Any] = json.loads(checked.stdout)
    for backbone, sizes in found.items():
        if sizes["largest_difference"] > 1e-3 * sizes["largest_feature"]:
            raise SystemExit(f"expected the same features of {backbone} from torch and from lowres, got {sizes}")
    return found


def run_peer(
    python: Path, folder: Path, peer: str, network: str, pixels: int, minutes: float, seed: int
) -> dict[str, Any]:
    """Return what the peer's script wrote, with intervals."""
    out = folder / "result.json"
    out.unlink(missing_ok=True)
    words = ["--network", network, "--pixels", str(pixels), "--minutes", str(minutes), "--seed", str(seed)]
    _say(f"peers: {peer} {' '.join(words)}")
    load = round(os.getloadavg()[0], 2)
    subprocess.run([python, HERE / f"{peer}_peer.py", folder, *words, "--out", out], check=True, env=environment())
    result = json.loads(out.read_text(encoding="utf-8"))
    for part in ("validation", "test"):
        if part in result:
            low, high = wilson_interval(result[part]["right"], result[part]["n"])
            result[part]["interval"] = [round(low, 4), round(high, 4)]
    return {**result, "load_before": load}


def run_lowres(recipe: str, seed: int, train_images: int) -> dict[str, Any]:
    """Return what a study by that recipe reached, and its seconds from the command to its end.

    Fewer than 8,000 training images are refused: a recipe is measured on what it was made for.
    """
    if train_images != TRAIN_IMAGES:
        raise SystemExit(f"expected {TRAIN_IMAGES} images for lowres' own recipes, got {train_images}; drop --images")
    with tempfile.TemporaryDirectory() as scratch:
        study = Path(scratch) / "study"
        words = ["study", "cifar10", "--recipe", recipe, "--study", str(study), "--set", f"seed={seed}"]
        _say(f"peers: lowres {' '.join(words)}")
        load, started = round(os.getloadavg()[0], 2), time.monotonic()
        cache = {"LOWRES_CACHE": str(Path(scratch) / "cache")}
        subprocess.run([sys.executable, "-m", "lowres", *words], check=True, env=os.environ | cache)
        seconds = round(time.monotonic() - started, 1)
        name, run = read_run(study, True, "tensorflow")
    flipped = {"test_with_flips": _judged(run["with_flipped_views"])} if "with_flipped_views" in run else {}
    asked = {"peer": "lowres", "network": recipe, "pixels_asked": 0, "recipe": f"lowres study cifar10 --recipe {name}"}
    return {
        **asked,
        "train_images": train_images,
        "minutes": round(seconds / 60, 2),
        "seed": run["seed"],
        "fits": True,
        "seconds": seconds,
        "stage_seconds": run["stage_seconds"],
        "test": {"n": run["n"], **_judged(run)},
        **flipped,
        "validation_curve": run["validation_curve"],
        "versions": run["versions"],
        "load_before": load,
    }


def _judged(found: dict[str, Any]) -> dict[str, Any]:
    low, high = found["accuracy_interval"]
    return {"accuracy": found["accuracy"], "interval": [round(low, 4), round(high, 4)]}


def environment() -> dict[str, str]:
    """Two threads for whatever counts them, quiet logs, no GPU."""
    counted = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), str(THREADS))
    return {
        **os.environ,
        **counted,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
    }


def write_row(path: Path, row: dict[str, Any]) -> None:
    """Put the row, with the machine it ran on, into the results file, in the place of the one it repeats.

    A recipe of lowres repeats whatever it took before: its minutes are no choice.
    """
    row = {**row, "machine": machine()}
    _say(json.dumps(row))
    kept = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    key = [name for name in ROW_KEY if name != "minutes" or row["peer"] != "lowres"]
    rows = [one for one in kept if any(one[name] != row[name] for name in key)] + [row]
    atomic_write_json(
        path,
        {
            "what": "peers on lowres' CIFAR-10 split and weights; minutes from a script's start to its final weights,"
            " of lowres from the command to the end of the study",
            "runs": 1,
            "threads": THREADS,
            "not_run": not_run(rows),
            "rows": sorted(rows, key=lambda one: tuple(str(one[name]) for name in ROW_KEY[:3]) + (one["minutes"],)),
        },
    )


def not_run(rows: list[dict[str, Any]]) -> list[str]:
    """Return what a whole comparison holds and these rows do not, of any machine, in words."""
    done = {(row["peer"], row["network"], row["pixels_asked"], float(row["minutes"])) for row in rows}
    recipes = {row["network"] for row in rows if row["peer"] == "lowres"}
    found = [f"lowres {recipe}" for recipe in RECIPES if recipe not in recipes]
    for peer, network, pixels, _ in ROWS:
        missing = [minutes for minutes in MINUTES if (peer, network, pixels, float(minutes)) not in done]
        if missing:
            side = f" at {pixels} px" if pixels else ""
            found.append(f"{peer} {network}{side} in {', '.join(map(str, missing))} minutes")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=cache_folder("peers-environment"), help="of the peers")
    parser.add_argument("--minutes", type=float, nargs="+", default=MINUTES)
    parser.add_argument("--images", type=int, default=TRAIN_IMAGES, help="train images; the other parts shrink along")
    parser.add_argument("--only", default="", help="timm, fastai:resnet50, fastai:resnet50:0, lowres:quick")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
