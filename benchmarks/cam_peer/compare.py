"""Writes benchmarks/results/cam_peer.json: each method's raw maps beside pytorch-grad-cam's, same weights, same images.

    .venv/bin/python benchmarks/cam_peer/compare.py [--environment FOLDER] [--images 64] [--ablated 4]

EfficientNet-Lite0 with its published ImageNet classifier, CIFAR-10 test pictures enlarged to 224 pixels beforehand, so
that nobody resizes; each picture's answer is explained, at the last feature map and at the end of the fifth stage.
pytorch-grad-cam runs in an environment of its own (requirements.txt; made where it is missing). ROAD's imputation is
compared as well. Where the two differ on purpose, `differs` says how.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lowres.files.atomic import atomic_write_json
from lowres.files.cache_folder import cache_folder
from lowres.files.sources.open_source import open_source
from lowres.files.weights.published import load_weights
from lowres.networks.backbones.trunk import build_trunk
from lowres.networks.explaining import Explainer
from lowres.networks.heads.fitting import build_head
from lowres.networks.heads.linear import Matrix, Standardiser
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.values.explaining import noisy_imputation
from lowres.values.explaining.class_activation import eigen_cam
from lowres.values.explaining.map_similarity import rank_correlations
from lowres.values.split import make_split

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from processor import machine  # noqa: E402  # it lies one folder up

RESULTS = HERE.parent / "results" / "cam_peer.json"
LAYERS = {"last": "", "earlier": "blocks_10_add"}
GRADIENT_METHODS = ("grad-cam", "grad-cam++", "hirescam", "layercam")
DIFFERS = {
    "grad-cam++": "pytorch-grad-cam adds 1e-6 below eq. 19's fraction, lowres nothing",
    "eigencam": "pytorch-grad-cam centres the activations first and leaves the sign open, lowres as the paper does not",
    "eigencam, centred": "lowres' function on centred activations, each map's sign turned to the other's",
}


def main() -> None:
    """Make both sides' maps and write how far they are apart."""
    wanted = _arguments()
    python = _made_environment(wanted.environment)
    classifier, tensors = _classifier()
    pixels, small = _pictures(wanted.images)
    logits = classifier.logits(pixels)
    order = logits.argsort(axis=1)
    targets, against = order[:, -1].astype(np.int64), order[:, -2].astype(np.int64)
    is_removed = np.random.default_rng(1).random(small.shape[:3]) < 0.5
    own = _own_maps(classifier, pixels, targets, against, wanted.ablated)
    noisy_imputation.IMPUTATION_NOISE = 0.0
    own["imputed"] = noisy_imputation.imputed(small, is_removed, 0, np.arange(len(small))).astype(np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.savez(folder / "efficientnet-lite0.npz", **tensors)
        np.savez(
            folder / "cams.npz",
            pixels=pixels,
            targets=targets,
            against=against,
            ablated_images=wanted.ablated,
            small=small,
            is_removed=is_removed,
        )
        subprocess.run([python, HERE / "torch_cams.py", folder], check=True, env=_environment())
        with np.load(folder / "peer.npz") as arrays:
            peer = dict(arrays)
    peer["eigencam, centred last"] = _turned(peer["eigencam last"], own["eigencam, centred last"])
    rows = [_row(name, maps, peer[name]) for name, maps in own.items()]
    difference = float(np.abs(logits - peer["logits"]).max())
    atomic_write_json(
        RESULTS,
        {
            "what": "raw heat maps of lowres beside pytorch-grad-cam 1.5.7, EfficientNet-Lite0 and its own classifier",
            "images": len(pixels),
            "logits_largest_difference": difference,
            "machine": machine(),
            "rows": rows,
        },
    )
    sys.stdout.write(json.dumps(rows, indent=2) + "\n")


def _classifier() -> tuple[TrainedClassifier, dict[str, NDArray[Any]]]:
    tensors = dict(load_weights("efficientnet-lite0", report=_say).tensors)
    trunk = build_trunk("efficientnet-lite0", (224, 224, 3), 224, tensors=tensors)
    top = Matrix(np.ascontiguousarray(tensors["_fc.weight"].T), tensors["_fc.bias"])
    head = build_head(top, Standardiser.none(len(top.weights)), trunk.output_shape[1:])
    return TrainedClassifier.from_parts(trunk, head, [f"class {n}" for n in range(len(top.bias))]), tensors


def _pictures(count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images = open_source("cifar10", report=_say).images
    rows = make_split(images, pool_images=10_000).test[:count]
    small = np.asarray(images.pixels[rows])
    large = [np.asarray(Image.fromarray(one).resize((224, 224), Image.Resampling.BICUBIC)) for one in small]
    return np.stack(large), small


def _own_maps(
    classifier: TrainedClassifier,
    pixels: NDArray[np.uint8],
    targets: NDArray[np.int64],
    against: NDArray[np.int64],
    ablated: int,
) -> dict[str, NDArray[np.float32]]:
    explainers = {place: Explainer(classifier, layer) for place, layer in LAYERS.items()}
    maps = {
        f"{method} {place}": explainer.maps(pixels, targets, method=method)
        for method in (*GRADIENT_METHODS, "eigencam")
        for place, explainer in explainers.items()
    }
    last = explainers["last"]
    activations = last.attribution(pixels, targets).activations
    maps["eigencam, centred last"] = eigen_cam(activations - activations.mean(axis=(1, 2), keepdims=True))
    maps["contrast last"] = last.maps(pixels, targets, against)
    maps["ablation-cam last"] = last.maps(pixels[:ablated], targets[:ablated], method="ablation-cam")
    return maps


def _turned(maps: NDArray[np.float32], like: NDArray[np.float32]) -> NDArray[np.float32]:
    signs = np.sign((maps * like).sum(axis=(1, 2), keepdims=True))
    return (maps * signs).astype(np.float32)


def _row(name: str, maps: NDArray[np.float32], peer: NDArray[np.float32]) -> dict[str, Any]:
    method, _, layer = name.rpartition(" ") if name != "imputed" else ("ROAD's imputation", "", "pixels")
    flat, other = maps.reshape(len(maps), -1), peer.reshape(len(peer), -1)
    pearson = [np.corrcoef(one, two)[0, 1] for one, two in zip(flat, other, strict=True)]
    row: dict[str, Any] = {
        "method": method,
        "layer": layer,
        "n": len(maps),
        "correlation_mean": round(float(np.mean(pearson)), 6),
        "correlation_lowest": round(float(np.min(pearson)), 6),
        "rank_correlation_mean": round(float(rank_correlations(maps, peer).mean()), 6),
        "largest_difference": float(np.abs(maps - peer).max()),
        "largest_value": float(np.abs(peer).max()),
    }
    return row | ({"differs": DIFFERS[method]} if method in DIFFERS else {})


def _made_environment(folder: Path) -> Path:
    requirements = HERE / "requirements.txt"
    python, kept = folder / "bin" / "python", folder / requirements.name
    if not (kept.exists() and kept.read_bytes() == requirements.read_bytes()):
        _say(f"cam_peer: making {folder} (about 6 GB)")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        kept.write_bytes(requirements.read_bytes())
    return python


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "2", "CUDA_VISIBLE_DEVICES": "-1"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=cache_folder("cam-peer-environment"))
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--ablated", type=int, default=4, help="images of ablation-cam: 1,280 passes each for the peer")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
