"""YAML as trackers, Hydra and OmegaConf write it, read as plain data, never as objects.

PyYAML finds the events; what they mean is decided here, because its loaders would
build objects for tags, and follow aliases without end. What comes out is made of dicts with
text keys, lists, and bool, int, float, str and None:

- Plain scalars are typed as PyYAML types them (YAML 1.1), but `1e-3` is a float, as everyone who
  writes it means, and a date stays text. `version="1.2"` is for files of ruamel.yaml: there
  `yes` and `on` are text, and only `0o` begins an octal number.
- Keys stay as they are written (`on`, `0123`); of two equal ones the later counts.
- A tag changes nothing but the type of a scalar. `!!python/tuple` is a list,
  `!!python/object:...` the state of the object, a path or a numpy number what it was, and
  `!!python/name:torch.nn.ReLU` the text `torch.nn.ReLU`.

A file may not be larger, deeper or, with its aliases written out, longer than the limits below.

Source: https://yaml.org/spec/1.1/, yaml/pyyaml (resolver.py, constructor.py, representer.py).
Checked with what PyYAML 6.0 and the ruamel.yaml of DVCLive write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.yaml_scalars import plain_value, tagged_value, type_object

if TYPE_CHECKING:
    from yaml.events import CollectionStartEvent, Event, ScalarEvent

Version = Literal["1.1", "1.2"]

MAX_BYTES = 16 << 20
MAX_DEPTH = 200
MAX_NODES = 2_000_000
"""Scalars, lists and mappings, with each alias counted as all that it stands for."""

# What YAML lets nobody write; printed logs and names of files hold it all the same.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotYaml(ValueError):
    """A text that is no YAML, or more than is read of it."""

    def __init__(self, line: int, problem: str) -> None:
        self.line, self.problem = line, problem
        """`line` counts from 1; 0 stands for the text as a whole."""
        super().__init__(f"line {line}: {problem}" if line else problem)


def read_yaml(source: str | bytes | Path, *, version: Version = "1.1") -> object:
    """Return the first document of a text, or of the file at a path; None where there is none.

    Raises:
        NotYaml: a `ValueError` that names the line.
        OSError: the file cannot be read.
    """
    return next(read_documents(source, version=version), None)


def read_documents(source: str | bytes | Path, *, version: Version = "1.1") -> Iterator[object]:
    """Yield every document of a text, or of the file at a path; see `read_yaml`."""
    import yaml

    text = _text_of(source)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(version)
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.DocumentEndEvent):
                yield builder.document
                builder = _Builder(version, nodes=builder.nodes)
            else:
                builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or "is no YAML"
        last = text.rstrip("\n").count("\n") + 1
        raise NotYaml(min(mark.line + 1, last) if mark else 0, problem) from error
    except RecursionError as error:
        raise NotYaml(0, f"is nested deeper than {MAX_DEPTH} levels") from error


def _text_of(source: str | bytes | Path) -> str:
    if isinstance(source, Path):
        with open_regular(source) as file:
            source = file.read(MAX_BYTES + 1)
    if len(source) > MAX_BYTES:
        raise NotYaml(0, f"is larger than {MAX_BYTES >> 20} MiB, which no config is")
    if isinstance(source, bytes):
        wide = source.startswith((b"\xff\xfe", b"\xfe\xff"))
        source = source.decode("utf-16" if wide else "utf-8-sig", "replace")
    return _FORBIDDEN.sub("\ufffd", source)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end was not met yet."""

    tag: str
    anchor: str | None
    line: int
    pairs: list[tuple[str, object]] | None
    """Of a mapping; None for a list."""
    items: list[object] = field(default_factory=list)
    key: str | None = None
    """Of a mapping, while its value is awaited."""
    height: int = 1
    nodes_before: int = 0


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: object
    nodes: int
    height: int


@dataclass(slots=True)
class _Builder:
    """Events of one document in, its data out. The tree is made without recursion."""

    version: Version
    nodes: int = 0
    document: object = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)

    def take(self, event: Event) -> None:
        import yaml

        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "", line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._begin(event, line, is_mapping=isinstance(event, yaml.MappingStartEvent))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._end()

    def _count(self, nodes: int, height: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise NotYaml(line, f"with its aliases it has more than {MAX_NODES:,} parts")
        if len(self.stack) + height > MAX_DEPTH:
            raise NotYaml(line, f"is nested deeper than {MAX_DEPTH} levels")

    def _alias(self, name: str, line: int) -> None:
        if name in self.unfinished:
            raise NotYaml(line, f"the alias {name!r} stands inside what it stands for")
        if name not in self.anchors:
            raise NotYaml(line, f"there is no anchor {name!r} for this alias")
        meant = self.anchors[name]
        self._count(meant.nodes, meant.height, line)
        self._put(meant.value, str(meant.value) if self._awaits_key() else "", meant.height)

    def _scalar(self, event: ScalarEvent, line: int) -> None:
        self._count(1, 0, line)
        text: str = event.value
        tag, is_plain = event.tag, event.implicit[0]
        if tag and tag != "!":
            value = tagged_value(tag, text, core=self.version == "1.2")
        elif is_plain and tag != "!":
            value = plain_value(text, core=self.version == "1.2")
        else:
            value = text
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, 1, 0)
        self._put(value, text, 0)

    def _begin(self, event: CollectionStartEvent, line: int, *, is_mapping: bool) -> None:
        self._count(1, 1, line)
        if event.anchor:
            self.unfinished.add(event.anchor)
        pairs: list[tuple[str, object]] | None = [] if is_mapping else None
        tag = event.tag or ""
        self.stack.append(_Open(tag, event.anchor, line, pairs, nodes_before=self.nodes - 1))

    def _end(self) -> None:
        node = self.stack.pop()
        value = type_object(node.tag, node.items if node.pairs is None else _merged(node.pairs))
        if node.anchor:
            self.unfinished.discard(node.anchor)
            count = self.nodes - node.nodes_before
            self.anchors[node.anchor] = _Anchored(value, count, node.height)
        self._put(value, str(value) if self._awaits_key() else "", node.height)

    def _awaits_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].pairs is not None and self.stack[-1].key is None

    def _put(self, value: object, as_key: str, height: int) -> None:
        if not self.stack:
            self.document = value
            return
        parent = self.stack[-1]
        parent.height = max(parent.height, height + 1)
        if parent.pairs is None:
            parent.items.append(value)
        elif parent.key is None:
            parent.key = as_key
        else:
            parent.pairs.append((parent.key, value))
            parent.key = None


def _merged(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return pairs as a mapping; what `<<` brings in gives way to what stands there itself."""
    merged: dict[str, object] = {}
    for name, value in pairs:
        if name != "<<":
            continue
        for one in reversed(value if isinstance(value, list) else [value]):
            if isinstance(one, dict):
                merged |= one
    merged |= {name: value for name, value in pairs if name != "<<" or not _merges(value)}
    return merged


def _merges(value: object) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(isinstance(one, dict) for one in parts)
