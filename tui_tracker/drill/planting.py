"""The kinds of gaps that a practice plants, each with what would be right.

A gap's values are by field; None says that nothing tells the value any more, and who looks
for it should say so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_tracker.capture.splits import hash_roles
from tui_tracker.capture.splitting import make_split


@dataclass
class Draft:
    """A run that is about to be logged."""

    number: int
    project: Path
    commit: str
    owner: str
    parts: dict[str, dict[str, object]]
    params: dict[str, object]
    metrics: dict[str, float]
    tags: dict[str, str]
    experiment: str = "digits"
    keeps_model: bool = True
    inputs: list[Path] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    nobody: bool = False
    """No user is recorded either."""
    id: str = ""

    @property
    def name(self) -> str:
        return f"baseline_{self.number:02}"

    def drop(self, part: str, *names: str) -> None:
        """Take facts away from a part."""
        for name in names:
            self.parts[part].pop(name, None)


@dataclass(frozen=True, slots=True)
class Planted:
    """A gap, the rule that finds it, and what would be right."""

    kind: str
    rule: str
    values: Mapping[str, object]

    def shape(self) -> dict[str, object]:
        return {"kind": self.kind, "rule": self.rule, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to leave a gap."""

    rule: str
    touches: frozenset[str]
    """What it takes things from; two that touch the same would hide each other."""
    plant: Callable[[Draft], Mapping[str, object]]

    def __call__(self, draft: Draft) -> Planted:
        return Planted(self.plant.__name__.strip("_"), self.rule, self.plant(draft))


KINDS: list[Kind] = []


def _kind(rule: str, *touches: str) -> Callable[[Callable[[Draft], Mapping[str, object]]], Any]:
    def declare(plant: Callable[[Draft], Mapping[str, object]]) -> Any:
        KINDS.append(Kind(rule, frozenset(touches), plant))
        return plant

    return declare


@_kind("code.commit-missing", "code")
def _commit(draft: Draft) -> Mapping[str, object]:
    draft.drop("code", "commit", "dirty", "pushed")
    return {"code.commit": draft.commit}


@_kind("code.entry-missing", "code", "modules", "process")
def _entry(draft: Draft) -> Mapping[str, object]:
    draft.drop("code", "entry")
    draft.drop("modules", "entry", "modules")
    draft.drop("process", "script")
    return {"code.entry.path": "train.py"}


@_kind("env.python-missing", "environment", "process")
def _python(draft: Draft) -> Mapping[str, object]:
    draft.drop("environment", "python")
    draft.drop("process", "python")
    return {"environment.python.version": "3.11.9"}


@_kind("env.freeze-missing", "environment")
def _packages(draft: Draft) -> Mapping[str, object]:
    whole = draft.parts["environment"]["packages"]
    draft.drop("environment", "packages")
    return {"environment.packages": whole}


@_kind("data.version-missing", "data")
def _data_hash(draft: Draft) -> Mapping[str, object]:
    digest = draft.parts["data:train"]["digest"]
    draft.drop("data:train", "digest", "version")
    return {"data:train.digest": digest}


@_kind("data.version-missing", "data")
def _data_changed(draft: Draft) -> Mapping[str, object]:
    draft.parts["data:new"] = {"name": "new", "path": "data/new.csv", "licence": "CC0"}
    del draft.parts["data:train"]
    return {"data:new.digest": None}


@_kind("data.version-mutable", "data")
def _latest(draft: Draft) -> Mapping[str, object]:
    right = draft.parts["data:train"]["version"]
    draft.parts["data:train"]["version"] = "latest"
    return {"data:train.version": right}


@_kind("data.name-missing", "data", "process")
def _data_name(draft: Draft) -> Mapping[str, object]:
    digest = draft.parts.pop("data:train")["digest"]
    return {"data:train.path": "data/train.csv", "data:train.digest": digest}


@_kind("data.split-strategy-missing", "split", "code", "modules")
def _split(draft: Draft) -> Mapping[str, object]:
    del draft.parts["split:train"]
    return {"params.split_strategy": "random"}


@_kind("data.split-not-rebuildable", "split", "params")
def _split_rows(draft: Draft) -> Mapping[str, object]:
    draft.drop("split:train", "seed", "hash", "indices")
    made = make_split(100, test=0.2, val=0.0, seed=draft.number)
    from array import array

    right = hash_roles({role: array("q", rows) for role, rows in made.items()})
    return {"split:train.seed": draft.number, "split:train.hash": right}


@_kind("params.required-missing", "params", "process")
def _batch_size(draft: Draft) -> Mapping[str, object]:
    del draft.params["batch_size"]
    return {"params.batch_size": 64}


@_kind("params.required-missing", "params", "code")
def _epochs(draft: Draft) -> Mapping[str, object]:
    del draft.params["epochs"]
    return {"params.epochs": 12}


@_kind("params.required-missing", "params", "split")
def _seed(draft: Draft) -> Mapping[str, object]:
    del draft.params["seed"]
    draft.parts["seeds"]["params"] = {}
    return {"params.seed": draft.number}


@_kind("metrics.main-missing", "metrics", "process")
def _main(draft: Draft) -> Mapping[str, object]:
    draft.metrics["score"] = draft.metrics.pop("val_f1_macro")
    return {"metrics.main": "score"}


@_kind("metrics.train-loss-missing", "metrics")
def _train_loss(draft: Draft) -> Mapping[str, object]:
    del draft.metrics["train_loss"]
    draft.printed = [f"epoch {n} train_loss={0.9 / (n + 1):.4f}" for n in range(3)]
    return {"metrics.train_loss": 0.3}


@_kind("artifacts.model-missing", "artifacts")
def _model(draft: Draft) -> Mapping[str, object]:
    draft.keeps_model = False
    path = f"models/{draft.name}.pt"
    digest = hashlib.sha256(b"weights of %d" % draft.number).hexdigest()
    return {f"artifacts.{path}": f"sha256:{digest}"}


@_kind("tags.purpose-missing", "purpose")
def _purpose(draft: Draft) -> Mapping[str, object]:
    del draft.tags["purpose"]
    return {"tags.purpose": "baseline"}


@_kind("tags.owner-missing", "owner", "code")
def _owner(draft: Draft) -> Mapping[str, object]:
    del draft.tags["owner"]
    draft.nobody = True
    return {"tags.owner": draft.owner}


@_kind("tags.ticket-missing", "ticket", "code")
def _ticket(draft: Draft) -> Mapping[str, object]:
    del draft.tags["ticket"]
    return {"tags.ticket": "ML-42"}


@_kind("env.hardware-missing", "hardware")
def _hardware(draft: Draft) -> Mapping[str, object]:
    del draft.parts["hardware"]
    return {"hardware": None}
