"""A pasted text as records, in whatever notation it was pasted.

    {"git_commit": "", ...}              JSON, JSON lines, a list of records
    {'lr': 0.1, 'seed': None,}  # ...    a dict of Python, JSON with comments, Namespace(...)
    "git_commit": "", "script": ...      the inside of such brackets
    [data] / name = "x"                  TOML, INI
    data: / name: x                      YAML, also with bullets or bold keys
    lr=0.1 seed=3                        pairs
    python train.py --lr 0.1             a command line
    name,lr,seed / a,0.1,3               CSV, TSV, a table of Markdown: a record a row
    epoch,val_loss / 0,2.1 / 1,1.9       a table by steps is one record with its curves

A fence of Markdown or sentences around it, and a name, a prompt or a log's head before it
(`config = {`, `Out[3]:`) are passed over. A number in YAML stays a text where reading it
would lose a digit: a commit such as 12e4567.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tui_tracker.audit.snippets.leaves import PARAM_HOMES, plain_value
from tui_tracker.audit.snippets.loose import NotLoose, read_loose
from tui_tracker.audit.snippets.measured import is_metric_word
from tui_tracker.audit.snippets.reader import is_setting, read_snippet, says_something
from tui_tracker.audit.snippets.snippet import Snippet
from tui_tracker.audit.snippets.tables import read_table
from tui_tracker.errors import InvalidArgument
from tui_tracker.names.words import snake

if TYPE_CHECKING:
    from yaml.nodes import Node

Record = dict[str, Any]

_MOST_BYTES = 16 << 20
"""More is no record that somebody pasted, but a device or a log."""
_MOST_NODES = 100_000
_MOST_TRIES = 8
"""So many brackets are tried as the begin of a record between sentences."""
_LONGEST = 160
"""Letters of a line that names a score or a param."""
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n(.*?)^[ \t]*(?:```|~~~)", re.S | re.M)
_COMMENTS = re.compile(r"\A(?:\s*(?://[^\n]*|/\*.*?\*/|#[^\n]*(?=\n\s*[{\[(])))+\s*", re.S)
_PROMPT = re.compile(
    r"\s*(?:(?:>>> |In ?\[\d*\]:).*\n\s*)?(?:Out ?\[\d*\]:\s*)?(?:[A-Z]+:[\w.]+:(?=\{))?"
)
"""What an interpreter, a notebook or a log prints before a value."""
_NAMED = re.compile(r"(?:(?:const|let|var|export)\s+)?[\w.]+\s*(?::\s*\w+\s*)?=\s*(?=[{\[(]|\w+\()")
_OPENS = re.compile(r"[{\[(]|[A-Za-z_][\w.]*\(\s*[\w{\[]")
_INSIDE = re.compile(r"""["'][\w./ -]+["']\s*:""")
_HEADING = re.compile(r"\[+[\w.\" -]+\]+[ \t]*(?:[#;][^\n]*)?\n")
"""The first table of TOML or INI, which is no list."""
# Blanks, but no line feeds: a thousand empty lines would be looked through from each of them.
_TOML = re.compile(r"^[ \t]*(?:\[+[\w.\" -]+\]+[ \t]*$|[\w.\"-]+[ \t]*=)", re.M)
_LINE = re.compile(
    r"(?P<indent>\s*)(?:[-*+•>]\s+)?(?:export\s+)?[*_`\"]*(?P<key>[A-Za-z_][\w ./()-]{0,60}?)"
    r"[*_`\"]*\s*(?::(?=\s|[*_`]|$|-?[\d.]+\s*$)|=(?!=))(?P<value>.*)"
)
_COLUMN = re.compile(r"(?P<indent>\s*)(?P<key>[A-Za-z_][\w./-]*)(?:\s{2,}|\t)(?P<value>\S+)")
"""A row of a series as pandas prints it."""
_PAIR = (
    r"[A-Za-z_][\w./-]*\s?=(?!=)"
    r"(?:(?=\s+[A-Za-z_][\w./-]*=)|\s?(?:'[^']*'|\"[^\"]*\"|[^\s,;]+))"
)
_SCORE = r"[-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?\s*%?(?:\s*(?:±|\+/?-)\s*[\d.,]+)?"
_SAID = re.compile(
    rf"(?P<indent>\s*)(?:[-*+•>]\s+)?(?P<key>[A-Za-z][\w@/ -]{{0,40}}?)\s*[:=]?\s"
    rf"(?P<value>{_SCORE}(?:\s*\([^()]*\))?)[.;,]?\s*"
)
"""A metric or a param as people write it in a message: `val auc 0.871`, `lr 0.1`."""
_BETWEEN = r"(?:\s*[,;|]\s*|\s+)"
_PAIRS = re.compile(rf"{_PAIR}(?:{_BETWEEN}{_PAIR})+")
_STARTS = re.compile(
    r"(?:[A-Z_][A-Z0-9_]*=\S*\s+)*(?:(?:\S*/)?(?:python[\d.]*|torchrun|accelerate|deepspeed|srun|uv"
    r"|poetry|tt|mlflow|dvc|bash|sh|Rscript|julia|make|docker|podman|conda|sbatch|nohup)\s|\./\S)"
)
"""What a command line begins with, behind the variables that it sets."""
_PAIRED = PARAM_HOMES | {"metrics", "results", "scores"}


def read_file(path: Path) -> list[Snippet]:
    """Return what each record of a file says; `-` stands for standard input.

    Raises:
        InvalidArgument: the file holds none, with the place of the mistake.
    """
    where = "standard input" if str(path) == "-" else str(path)
    try:
        raw = _read(sys.stdin.buffer if str(path) == "-" else path)
        _refuse_large(raw, where)
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except OSError as error:
        raise InvalidArgument(f"{where} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InvalidArgument(
            f"{where} holds no text, at byte {error.start:,}: paste the record as UTF-8"
        ) from error
    return [read_snippet(record) for record in read_records(text, where)]


def _read(source: Path | BinaryIO) -> bytes:
    """Return what a source holds, and no more than tells that it is too much."""
    if not isinstance(source, Path):
        return source.read(_MOST_BYTES + 1)
    with source.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def _refuse_large(raw: bytes, where: str) -> None:
    if len(raw) > _MOST_BYTES:
        raise InvalidArgument(
            f"{where} is larger than a record, of which {_MOST_BYTES >> 20} MiB are read: "
            "`tt import` reads what trackers left, `tt parse` logs"
        )


def read_records(text: str, where: str) -> list[Record]:
    """Return the records of a pasted text; `where` it comes from is told in errors.

    Raises:
        InvalidArgument: it holds none, with the place of the mistake where there is one.
    """
    pasted = _pasted(text)
    try:
        for read in _NOTATIONS:
            found = read(pasted)
            records = found if isinstance(found, list) else [found]
            if records and all(isinstance(one, dict) and one for one in records):
                return [_plain(one) for one in records]
    except (NotLoose, RecursionError) as error:
        raise InvalidArgument(f"{where} is no record: {error}") from error
    raise InvalidArgument(
        f"{where} holds no record: JSON, a dict of Python, YAML, TOML, a table or lines such as "
        "'seed: 3' are read (`tt parse FILE` reads a printed log)"
    )


def _pasted(text: str) -> str:
    """Return a text without what stands around a record where it was copied."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\xa0", " ")
    if fenced := _FENCE.search(text):
        text = fenced[1]
    text = _COMMENTS.sub("", _PROMPT.sub("", text, count=1).strip())
    return text[named.end() :] if (named := _NAMED.match(text)) else text


def _json(text: str) -> Any:
    try:
        return json.loads(text.rstrip(",; \n\t"))
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str) -> list[Record] | None:
    lines = [line.strip().rstrip(",") for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line[:1] == "{" and line[-1:] == "}" for line in lines):
        return None
    return [_json(line) or read_loose(line)[0] for line in lines]


def _brackets(text: str) -> Any:
    """Read what opens with a bracket, or with a key in quotes: the inside of one."""
    opens = _OPENS.match(text)
    if (not opens and not _INSIDE.match(text)) or _HEADING.match(text):
        return None
    value, end = read_loose(text if opens else f"{{{text}}}")
    if opens and text[end:].strip(",; \n\t"):
        if text[0] in "{[":
            raise NotLoose(text, end, "the record ended before this")
        return None  # words that happen to begin as a call does
    return value


def _toml(text: str) -> Record | None:
    if not _TOML.search(text):
        return None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


# YAML, and lines that only look like it.


def _yaml(text: str) -> Any:
    import yaml

    if ":" not in text:
        return None
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.BaseLoader))
        left = [_MOST_NODES]
        records = [record for node in nodes if node and (record := _of_node(node, left))]
    except (yaml.YAMLError, _TooMuch, RecursionError):
        return None
    if len(records) == 1 and isinstance(records[0], list):
        records = records[0]
    return records if says_something(records) else None


class _TooMuch(Exception):
    """More nodes than a record has: aliases that multiply."""


def _of_node(node: Node, left: list[int]) -> Any:
    import yaml

    left[0] -= 1
    if left[0] < 0:
        raise _TooMuch
    if isinstance(node, yaml.ScalarNode):
        return plain_value(node.value) if node.style is None else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_of_node(item, left) for item in node.value]
    assert isinstance(node, yaml.MappingNode)
    found: Record = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else str(_of_node(key, left))
        item = _of_node(value, left)
        if name == "<<" and isinstance(item, dict):
            found = {**item, **found}
        else:
            found[name] = item
    return found


def _lines(text: str) -> Record | None:
    """Read lines of `key: value` or `key = value`; a key without a value heads what follows."""
    found: Record = {}
    above: list[tuple[int, Record]] = [(-1, found)]
    told = 0
    for line in text.splitlines():
        if re.fullmatch(r"(Name: .*, )?(Length: \d+, )?dtype: \w+", line):
            continue  # what pandas prints below a series
        if head := re.fullmatch(r"\s*(?:\[([\w. -]+)\]|#+\s+([\w ./-]+?):?)\s*", line):
            above = [(-1, found), (-1, found.setdefault(head[1] or head[2], {}))]
            if not isinstance(above[-1][1], dict):
                above.pop()
            continue
        if _PAIRS.fullmatch(line.strip()):
            above[-1][1].update(_pairs(line))
            told += 1
        elif match := _LINE.fullmatch(line) or _COLUMN.fullmatch(line) or _said(line):
            _take(above, match)
            told += 1
    lines = sum(bool(line.strip()) for line in text.splitlines())
    return found if told > lines / 2 and says_something(found) else None


def _said(line: str) -> re.Match[str] | None:
    # Blanks in a row are looked through more than once; nobody writes so many.
    found = _SAID.fullmatch(line) if len(line) <= _LONGEST else None
    key = snake(found["key"]) if found else ""
    return found if is_metric_word(key) or is_setting(key) else None


def _take(above: list[tuple[int, Record]], match: re.Match[str]) -> None:
    indent = len(match["indent"].expandtabs(4))
    while len(above) > 1 and above[-1][0] >= indent:
        above.pop()
    key = match["key"].strip()
    if value := match["value"].strip().lstrip("*_`").strip():
        above[-1][1][key] = _of_line(value)
    else:
        above[-1][1][key] = inner = Record()
        above.append((indent, inner))


def _of_line(text: str) -> Any:
    if text[:1] in ("[", "{", "("):
        try:
            value, end = read_loose(text)
        except NotLoose:
            return text
        return value if end == len(text) else text
    return plain_value(text.strip("`\"'"))


def _pairs(text: str) -> Record:
    pairs = (re.split(r"\s?=\s?", pair, maxsplit=1) for pair in re.findall(_PAIR, text))
    return {key: plain_value(value.strip("'\"")) for key, value in pairs}


def _within(text: str) -> Record | None:
    """Read a record that stands between sentences, as in a message."""
    for found in islice(re.finditer(r"^[ \t]*(?:[\w.]+ ?= ?)?(?=\{)", text, re.M), _MOST_TRIES):
        try:
            record, _ = read_loose(text[found.end() :])
        except NotLoose:
            continue
        if says_something(record):
            return dict(record)
    return None


def _command(text: str) -> Record | None:
    """Read a command as it is typed, also behind a prompt and over several lines."""
    line = re.sub(r"\\\n\s*", "", text).strip().removeprefix("$ ")
    is_one = _STARTS.match(line) and "\n" not in line and re.search(r"[=./-]\w", line)
    return {"command": line} if is_one else None


_NOTATIONS: tuple[Callable[[str], Any], ...] = (
    _json, _json_lines, _brackets, _toml, _command, read_table, _yaml, _lines, _within,
)  # fmt: skip


def _plain(node: Any, key: str = "") -> Any:
    """Return a record of plain values: moments as texts, `params: a=1, b=2` as a table."""
    if isinstance(node, Mapping):
        return {str(name): _plain(value, str(name)) for name, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if isinstance(node, (date, time)):
        return node.isoformat()
    if isinstance(node, str) and snake(key) in _PAIRED:
        parts = re.split(r",\s+|[;|]| and ", node)
        said = [_SAID.fullmatch(part) for part in parts if len(part) <= _LONGEST]
        if len(said) == len(parts) and all(said):
            return {part["key"]: plain_value(part["value"]) for part in said if part}
        return _pairs(node) if _PAIRS.fullmatch(node) else node
    return node
