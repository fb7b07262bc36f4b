"""Raw maps by pytorch-grad-cam of timm's tf_efficientnet_lite0 on the published weights, and ROAD's imputation.

Knows nothing of lowres: it reads cams.npz and efficientnet-lite0.npz in the folder given and writes peer.npz there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import AblationCAM, EigenCAM, GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from torch_networks import LITE, LITE_SCALING, lite_state, scaled  # noqa: E402  # it lies one folder further

METHODS = {
    "grad-cam": GradCAM,
    "grad-cam++": GradCAMPlusPlus,
    "hirescam": HiResCAM,
    "layercam": LayerCAM,
    "eigencam": EigenCAM,
    "ablation-cam": AblationCAM,
}


class Difference:
    """The logit of one class minus that of another, as a target that pytorch-grad-cam takes."""

    def __init__(self, target: int, against: int) -> None:
        """Ask why it is the one and not the other."""
        self.target, self.against = target, against

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the difference."""
        return logits[..., self.target] - logits[..., self.against]


def raw_maps(method: Any, network: Any, layer: Any, inputs: torch.Tensor, targets: list[Any]) -> NDArray[np.float32]:
    """Return what the method makes before it is clipped and scaled, `[n, h, w]`."""
    kept = []

    class Keeping(method):  # type: ignore[misc]
        def get_cam_image(self, *words: Any, **options: Any) -> Any:
            kept.append(super().get_cam_image(*words, **options))
            return kept[-1]

    with Keeping(model=network, target_layers=[layer]) as cam:
        cam(input_tensor=inputs, targets=targets)
    return np.asarray(kept[-1], dtype=np.float32)


def main(folder: Path) -> None:
    """Write a map an image by method and layer, and the pictures that ROAD fills in."""
    with np.load(folder / "efficientnet-lite0.npz") as tensors:
        network = timm.create_model(LITE).eval()
        network.load_state_dict(lite_state(dict(tensors)))
    layers = {"last": network.bn2, "earlier": network.blocks[4]}
    with np.load(folder / "cams.npz") as asked:
        pixels, targets, against = asked["pixels"], asked["targets"].tolist(), asked["against"].tolist()
        ablated, small, is_removed = int(asked["ablated_images"]), asked["small"], asked["is_removed"]
    inputs = scaled(pixels, LITE_SCALING)
    found: dict[str, NDArray[Any]] = {}
    with torch.inference_mode():
        found["logits"] = network(inputs).numpy()
    classes = [ClassifierOutputTarget(target) for target in targets]
    for name, method in METHODS.items():
        for place, layer in layers.items():
            # It sets a channel to zero only where the lowest value is zero, as the last layer's is; a pass a channel.
            if name == "ablation-cam":
                if place == "last":
                    found[f"{name} {place}"] = raw_maps(method, network, layer, inputs[:ablated], classes[:ablated])
            else:
                found[f"{name} {place}"] = raw_maps(method, network, layer, inputs, classes)
    contrasts = [Difference(*pair) for pair in zip(targets, against, strict=True)]
    found["contrast last"] = raw_maps(GradCAM, network, layers["last"], inputs, contrasts)
    imputer = NoisyLinearImputer(noise=0.0)
    found["imputed"] = np.stack(
        [
            imputer(torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32)), torch.from_numpy(kept)).numpy()
            for picture, kept in zip(small, (~is_removed).astype(np.float32), strict=True)
        ]
    ).transpose(0, 2, 3, 1)
    np.savez(folder / "peer.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
