"""Both layouts of `torch.save`, written here by pickle itself beside a torch of cardboard, and what must never run."""

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from lowres.errors import VerificationError
from lowres.files.weights.torch_pickle import read_torch_tensors

KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
STORAGES = {"0": KERNEL.ravel(), "1": np.array([3, 4, 5], np.int64)}
TYPES = {"0": "FloatStorage", "1": "LongStorage"}


class StorageReference:
    def __init__(self, key):
        self.key = key


class Tensor:
    """Pickles as torch's tensors do: a call of `_rebuild_tensor_v2` on a storage named by its key."""

    def __init__(self, key, offset, shape, strides):
        self.parts = (StorageReference(key), offset, shape, strides, False, OrderedDict())

    def __reduce__(self):  # noqa: D105
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


STATE = OrderedDict(
    kernel=Tensor("0", 0, (2, 3, 4), (12, 4, 1)),
    turned=Tensor("0", 4, (4, 2), (1, 12)),
    steps=Tensor("1", 2, (), ()),
    empty=Tensor("1", 3, (0,), (1,)),
)


@pytest.fixture
def torch(monkeypatch):
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage", "QInt8Storage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    for name in ("_rebuild_tensor_v2", "_rebuild_parameter", "_rebuild_sparse_tensor"):
        function = types.FunctionType((lambda *_: None).__code__, {}, name)
        function.__module__, function.__qualname__ = "torch._utils", name
        setattr(utils, name, function)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


def pickled(torch, content, kinds=TYPES):
    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            if not isinstance(item, StorageReference):
                return None
            return ("storage", getattr(torch, kinds[item.key]), item.key, "cpu", len(STORAGES[item.key]))

    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(content)
    return stream.getvalue()


def archive(path, content, storages=STORAGES):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", content)
        for key, values in storages.items():
            file.writestr(f"archive/data/{key}", values.tobytes())
    return path


def stream(path, content, storages=STORAGES, lengths=None):
    data = b"".join(pickle.dumps(item, 2) for item in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
    data += content + pickle.dumps(sorted(storages), 2)
    for key in sorted(storages):
        length = (lengths or {}).get(key, len(storages[key]))
        data += length.to_bytes(8, "little") + storages[key].tobytes()
    path.write_bytes(data)
    return path


@pytest.fixture(params=[archive, stream])
def write(request, tmp_path):
    return lambda content, **options: request.param(tmp_path / "x.pth", content, **options)


def test_tensors_come_back_with_their_strides_and_offsets(torch, write):
    tensors = read_torch_tensors(write(pickled(torch, STATE)))
    assert list(tensors) == ["kernel", "turned", "steps", "empty"]
    np.testing.assert_array_equal(tensors["kernel"], KERNEL)
    np.testing.assert_array_equal(tensors["turned"], [[4, 16], [5, 17], [6, 18], [7, 19]])
    assert tensors["steps"] == 5
    assert tensors["empty"].shape == (0,)


def test_parameters_are_tensors(torch, write):
    class Parameter:
        def __reduce__(self):
            return sys.modules["torch._utils"]._rebuild_parameter, (STATE["kernel"], True, OrderedDict())

    content = pickled(torch, {"kernel": Parameter()})
    tensors = read_torch_tensors(write(content, storages={"0": STORAGES["0"]}))
    np.testing.assert_array_equal(tensors["kernel"], KERNEL)


@pytest.mark.parametrize("wrapper", ["state_dict", "net"])
def test_a_checkpoint_of_a_training_gives_its_state_dict(torch, write, wrapper):
    content = pickled(torch, {"epoch": 3, wrapper: {"kernel": STATE["kernel"]}, "best_prec1": 91.7})
    tensors = read_torch_tensors(write(content, storages={"0": STORAGES["0"]}))
    assert list(tensors) == ["kernel"]
    np.testing.assert_array_equal(tensors["kernel"], KERNEL)


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):  # noqa: D105
        return self.path.mkdir, ()


def test_a_pickle_that_asks_for_more_is_refused_and_never_runs(torch, write, tmp_path):
    path = write(pickled(torch, {"kernel": STATE["kernel"], "trap": Trap(tmp_path / "sprung")}))
    with pytest.raises(VerificationError, match=r"expected only tensors in .*x\.pth, got a pickle that asks for \w+"):
        read_torch_tensors(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["_rebuild_sparse_tensor", "QInt8Storage"])
def test_other_names_of_torch_are_refused_too(name, torch, write):
    known = getattr(torch, name, None) or getattr(sys.modules["torch._utils"], name)
    with pytest.raises(VerificationError, match=f"asks for torch.*{name}; do not open this file with anything else"):
        read_torch_tensors(write(pickled(torch, {"x": known})))


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor("0", 0, (2, 3, 5), (15, 5, 1)),
        Tensor("0", 20, (5,), (1,)),
        Tensor("0", -8, (2,), (1,)),
        Tensor("0", 8, (3,), (-1,)),
        Tensor("0", 0, (10**9,), (0,)),
        Tensor("0", 0, (2, 3), (1,)),
        Tensor("0", 0, ("a",), (1,)),
    ],
)
def test_tensors_that_reach_beyond_their_storage_are_refused(tensor, torch, write):
    with pytest.raises(VerificationError, match=r"expected a torch state dict in .*x\.pth, got a file that"):
        read_torch_tensors(write(pickled(torch, {"x": tensor})))


@pytest.mark.parametrize("content", [[1, 2], {"x": 3}, {"epoch": 3, "model": OrderedDict()}])
def test_other_content_is_refused(content, torch, write):
    with pytest.raises(VerificationError, match="expected a dictionary of tensors in .*got (list|dict)"):
        read_torch_tensors(write(pickled(torch, content)))


def test_a_storage_that_claims_more_than_the_file_is_refused(torch, tmp_path):
    path = stream(tmp_path / "x.pth", pickled(torch, STATE), lengths={"0": 2**50})
    with pytest.raises(VerificationError, match="claims 1125899906842624 elements, more than the file holds"):
        read_torch_tensors(path)


def test_another_pickle_is_refused(tmp_path):
    (tmp_path / "x.pth").write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(VerificationError, match="got another pickle; download it again"):
        read_torch_tensors(tmp_path / "x.pth")


def test_every_cut_is_refused(torch, write):
    path = write(pickled(torch, STATE))
    whole = path.read_bytes()
    for kept in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:kept])
        with pytest.raises(VerificationError, match="download it again"):
            read_torch_tensors(path)


def test_every_changed_byte_is_read_or_refused(torch, write):
    """Anything else would be a stack trace, or worse: a pickle's program going its own way."""
    path = write(pickled(torch, STATE))
    whole = bytearray(path.read_bytes())
    random = np.random.default_rng(0)
    for _ in range(400):
        content = bytearray(whole)
        content[random.integers(len(content))] = random.integers(256)
        path.write_bytes(content)
        try:
            read_torch_tensors(path)
        except VerificationError:
            continue
