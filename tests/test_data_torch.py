"""Tensors and datasets of torch, where it is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tui_tracker as tt
from tui_tracker import queries
from tui_tracker.capture.digests import digest
from tui_tracker.capture.manifest import digest_path
from tui_tracker.drain import recover
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store

torch = pytest.importorskip("torch")
from torch.utils import data as torch_data  # noqa: E402


def whole(value: object) -> str:
    feed = digest(value)
    assert not feed.unknown
    return feed.digest


def logged(folder: Path, data: object) -> dict[str, Any]:
    """Log data in a run of its own; return what is recorded of it."""
    with tt.init("e", store=folder) as run:
        run.log_data("x", data)
    with Store.open(folder) as store:
        recover(store)
        keys = sorted(queries.list_run_keys(store))
        (text,) = run_records(store, keys[-1:], bulky=True)
    found: dict[str, Any] = json.loads(text)["lineage"]["data"][0]
    return found


class Images(torch_data.Dataset):  # type: ignore[misc]
    def __init__(self, root: str) -> None:
        self.root = root

    def __len__(self) -> int:
        return 3

    def __getitem__(self, row: int) -> int:
        return row


class Mine(torch_data.Dataset):  # type: ignore[misc]
    def __getitem__(self, row: int) -> int:
        return row


class Marked(Mine):
    def __fingerprint__(self) -> str:
        return "v1"


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16", "int8", "bool"])
def test_a_tensor_is_its_dtype_shape_and_values(dtype):
    kind = getattr(torch, dtype)
    values = torch.arange(24).remainder(2).reshape(4, 6).to(kind)
    changed = values.clone()
    changed[3, 5] = 0

    assert whole(values) == whole(values.t().contiguous().t()) == whole(values.clone())
    assert whole(values) != whole(changed)
    assert whole(values) != whole(values.reshape(6, 4))
    assert whole(values) != whole(values.to(torch.int32))


def test_every_nan_of_a_tensor_is_the_same_nan():
    one = torch.tensor([1.0, float("nan")])
    other = one.clone()
    other.view(torch.int32)[1] = -1

    assert whole(one) == whole(other)


def test_sparse_and_empty_tensors_are_read():
    assert whole(torch.eye(3).to_sparse()) != whole(torch.eye(4).to_sparse())
    assert whole(torch.zeros(0, 3)) != whole(torch.zeros(3, 0))


def test_datasets_of_tensors_are_their_tensors_and_the_rows_chosen():
    values = torch.arange(8).reshape(4, 2)
    dataset = torch_data.TensorDataset(values)
    parts = [torch_data.Subset(dataset, rows) for rows in ([0, 1], [0, 2])]

    assert whole(dataset) == whole(torch_data.TensorDataset(values.clone()))
    assert len({whole(each) for each in (dataset, *parts)}) == 3
    assert whole(torch_data.ConcatDataset(parts)) != whole(torch_data.ConcatDataset(parts[::-1]))


def test_a_dataset_of_files_is_its_files(folder, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "0.png").write_bytes(b"x")
    images = Images(str(tmp_path / "images"))

    found = logged(folder, torch_data.DataLoader(images))

    assert found["digest"] == digest_path(images.root).digest
    assert (found["kind"], found["rows"], found["files"]) == ("torch", 3, 1)
    chosen = logged(folder, torch_data.Subset(images, [2]))
    assert chosen["files_digest"] == found["digest"] != chosen["digest"]


def test_a_dataset_with_a_fingerprint_is_taken_at_its_word(folder):
    assert logged(folder, Marked())["digest"] == "fingerprint:v1"


def test_a_dataset_that_tells_nothing_is_partial(folder):
    found = logged(folder, Mine())

    assert found["status"] == "partial"
    assert "digest" not in found
    assert "give path=" in found["reason"]


def test_a_random_split_is_its_indices(folder):
    dataset = torch_data.TensorDataset(torch.arange(10))
    train, val = torch_data.random_split(dataset, [7, 3])
    with tt.init("e", store=folder) as run:
        run.log_split(train=train, val=val, test=torch.tensor([True] + [False] * 9))

    with Store.open(folder) as store:
        recover(store)
        (text,) = run_records(store, queries.list_run_keys(store), bulky=True)
    (found,) = json.loads(text)["lineage"]["splits"]
    assert found["n"] == {"train": 7, "val": 3, "test": 1}
    assert sum(found["overlap"].values()) == 1
