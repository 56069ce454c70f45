"""What else a line tells: files that were written or read, lineage, ends, restarts, trials.

Cheap words decide first whether a line is looked at at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tui_tracker.parsing.dumps import scalar
from tui_tracker.parsing.events import ParamValue, Status

_PATH = (
    r"(?P<path>[~.]{0,2}(?:[\w.@%+=-]*[/\\])+[\w.@%+=-]+|(?:[A-Za-z]:\\)[\w.\\@-]+"
    r"|[\w@%+=-]+(?:\.[\w-]+)*\.[A-Za-z][A-Za-z0-9]{0,11})"
)
_SAVES = re.compile(
    r"\b(?:sav(?:ed|ing|es)|writ(?:ten|ing)|wrote|writes|dump(?:ed|ing)|export(?:ed|ing)"
    r"|stor(?:ed|ing))\b",
    re.I,
)
_SAVED_TO = re.compile(
    r"\b(?:to|as|in|into|at|under)\s+(?:file\s+|path\s+|disk\s+)?[:'\"`(\[]?\s*"
    r"(?P<path>[~.]{0,2}[/\\]?[\w@%+=][\w./\\@%+=:-]*)", re.I
)  # fmt: skip
_ANY_PATH = re.compile(r"(?<![\w./-])" + _PATH)
_RESUMES = re.compile(
    r"\b(?:resum(?:e|ed|ing)|restor(?:ed|ing)|continu(?:ed|ing)|restart(?:ed|ing)?"
    r"|requeued)\b.{0,40}?"
    r"\b(?:from|training|at|run|checkpoint|job)\b|\bloaded checkpoint\b|\bcheckpoint loaded\b",
    re.I,
)
_AT_STEP = re.compile(
    r"\b(?:step|iteration|iter|epoch|global_step)[ =:]{1,3}(?P<step>\d{1,15})\b", re.I
)
_KILLED = re.compile(
    r"\bCANCELLED AT\b|\bDUE TO TIME LIMIT\b|^(?:\S*: ?(?:line \d+: )?)?(?:\d+ )?Killed\b"
    r"|\bSIGTERM\b|\bSIGKILL\b"
    r"|\boom-kill\b|^KeyboardInterrupt\b|^Terminated\b|\bpreempted\b",
)
_FAILED = re.compile(
    r"^(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit|Fault)\b(?::|$)"
    r"|\bSegmentation fault\b|\bcore dumped\b|^Fatal Python error\b|^Bus error\b|^RuntimeError\b"
)
_TRIAL = re.compile(
    r"(?:Finished )?[Tt]rial ?#?(?P<number>\d+) (?:finished with"
    r"|resulted in) values?: (?P<value>[-+\w.]+|\[[^\]]*\]|None)"
    r" (?:and|with) parameters: (?P<params>\{.*?\})(?:\.|\s|$)"
)
_TRIAL_END = re.compile(
    r"Trial (?P<number>\d+) (?P<how>pruned|failed)\b(?:.*?parameters: (?P<params>\{.*?\}))?"
)
_STUDY = re.compile(
    r"A new study created .{0,60}?with name: (?P<name>\S+)"
    r"|Using an existing study with name '(?P<old>[^']+)'"
)

_COMMIT = re.compile(
    r"\b(?:git[ _-]?)?(?:commit|sha|revision|rev|hash)(?:[ _-]?(?:id|hash"
    r"|sha))?['\"]?\s*[:=]?\s*['\"]?(?P<v>[0-9a-f]{7,40})\b",
    re.I,
)
_SEED = re.compile(
    r"\b(?:global |random[ _])?(?:seed|random_state|rng)\b['\"]?(?:\s+(?:set\s+)?(?:to"
    r"|is)\s+|\s*[:=]\s*|\s+)(?P<v>\d{1,12})\b",
    re.I,
)
_DATA = re.compile(
    r"\bdata[ _]?(?:set|dir|path|name|_dir|_path|_name"
    r"|root)?['\"]?\s*[:=]\s*['\"]?(?P<v>(?![\d.]+\b)[\w./@:-]{2,200})"
    r"|\b(?:load(?:ed|ing)|read(?:ing)?|using|inside"
    r"|from)\s+(?:the\s+)?(?:data(?:set)?\s+)?(?:from\s+)?['\"]?(?P<w>(?:[\w.~-]*/)*data"
    r"(?:sets?)?/[\w./-]+|[\w./-]+\.(?:csv|parquet|npz|npy|jsonl|arrow|tfrecord|h5|hdf5"
    r"|feather|tsv))",
    re.I,
)
_DATA_VERSION = re.compile(
    r"\bdata(?:set)?[ _.-]?(?:version|revision|rev|tag|hash"
    r"|digest)['\"]?\s*[:=]\s*['\"]?(?P<v>[\w.@:-]{1,80})",
    re.I,
)
_SPLIT = re.compile(
    r"\b(?:(?:train|val|valid|validation|test)[ _-]?(?:size|fraction|frac|ratio|split|pct)"
    r"|split[ _-]?(?:seed|ratio)|n_folds|num_folds|k_?folds?)['\"]?\s*[:=]\s*(?P<v>[\d./]+)",
    re.I,
)
_COMMAND = re.compile(
    r"(?:^\s*(?:[$>+]|\+ exec)\s+|\b(?:command|cmd|argv|launch(?:ed"
    r"|ing)?)(?: line)?\s*[:=]\s*)(?P<v>\S*(?:python[\d.]*|torchrun|accelerate|deepspeed"
    r"|mpirun|srun|bash|sh)\s.{3,300})",
    re.I,
)
_ENV = re.compile(
    r"\b(?:python|pytorch|torch|tensorflow|keras|jax|cuda|numpy|transformers|lightning"
    r"|sklearn|scikit-learn|xgboost|lightgbm|ultralytics)"
    r"(?:[ _-]?(?:version|runtime))?['\"]?\s*(?:[:=]{1,2}|-|\s)\s*['\"]?v?(?P<v>\d+\.\d+[\w.+]*)",
    re.I,
)
_HARDWARE = re.compile(
    r"\bdevice['\"]?\s*[:=]\s*['\"]?(?P<v>(?:cuda|cpu|gpu|mps|tpu|xpu)[:\d]*)"
    r"|\b(?P<w>GPU available: (?:True|False)[^,]*)"
    r"|\b(?P<x>\d+ devices? \((?:cpu|cuda|gpu)[^)]*\))|\b(?P<y>(?:NVIDIA|Tesla|GeForce"
    r"|Quadro|AMD|Radeon|Apple M\d)[\w -]{2,40})"
    r"|\busing (?:device:? )?(?P<z>(?:cuda|cpu|gpu|mps|tpu)(?::\d+)?)\b",
    re.I,
)
_OWNER = re.compile(
    r"\b(?:user|owner|author|username|submitted by"
    r"|run by)['\"]?\s*[:=]\s*['\"]?(?P<v>[\w.@-]{2,60})",
    re.I,
)
_FACTS: tuple[tuple[str, re.Pattern[str], tuple[str, ...]], ...] = (
    ("git_commit", _COMMIT, ("ommit", "sha", "SHA", "rev", "hash")),
    ("seed", _SEED, ("eed", "random_state", "rng", "SEED")),
    ("data_version", _DATA_VERSION, ("data", "Data", "DATA")),
    ("data_name", _DATA, ("data", "Data", "DATA", ".csv", ".parquet", ".np")),
    ("split", _SPLIT, ("size", "split", "fold", "ratio", "frac")),
    ("command", _COMMAND, ("python", "torchrun", "accelerate", "deepspeed", "run", "sh ")),
    ("env", _ENV, (
        "ython", "orch", "ensor", "eras", "jax", "uda", "CUDA", "umpy", "ransf", "earn", "boost",
        "gbm", "ltralytics", "ightning",
    )),
    ("hardware", _HARDWARE, (
        "evice", "GPU", "gpu", "NVIDIA", "Tesla", "GeForce", "AMD", "Apple M", "sing c", "sing m",
    )),
    ("owner", _OWNER, ("ser", "wner", "uthor", "by")),
)  # fmt: skip


class Trial(NamedTuple):
    """How a trial of a study ended."""

    number: int
    status: Status
    values: tuple[float, ...]
    params: Mapping[str, ParamValue]


def read_facts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the lineage that a line tells: field, and what it says."""
    for field, pattern, words in _FACTS:
        for word in words:
            if word in text:
                found = pattern.search(text[:2000])
                value = next((group for group in found.groups() if group), "") if found else ""
                if value:
                    yield field, value.strip()
                break


_PARAM_FIELDS = tuple(
    (field, re.compile(pattern))
    for field, pattern in (
        ("seed", r"(?:^|[._])(?:seed|random_state|random_seed|rng)$"),
        (
            "data_version",
            r"(?:^|[._])data(?:set)?s?[._](?:version|revision|tag|rev|hash|digest)$",
        ),
        (
            "data_name",
            r"(?:^|[._])data(?:set)?s?(?:[._](?:name|dir|path|root|file))?$|train_(?:file|path)$",
        ),
        (
            "split",
            r"(?:^|[._])(?:split\b.*|n_folds|k_folds"
            r"|(?:val|valid|validation|test)_(?:size|fraction|frac|ratio|split))$",
        ),
        ("git_commit", r"(?:^|[._])(?:git_)?(?:commit|sha|git_hash|revision)$"),
        ("hardware", r"(?:^|[._])(?:device|gpus?|accelerator|cuda)$"),
        ("owner", r"(?:^|[._])(?:user|owner|author)$"),
    )
)


def facts_of_param(name: str, value: ParamValue) -> Iterator[tuple[str, str]]:
    """Yield the lineage that a param tells."""
    if value is None or value == "":
        return
    low = name.lower()
    for field, pattern in _PARAM_FIELDS:
        if pattern.search(low) and not (field == "data_name" and isinstance(value, (bool, float))):
            yield field, str(value)
            return


def read_files(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the paths that a line says were written (False) or continued from (True)."""
    if _SAVES.search(text[:500]):
        yield from ((path, False) for path in _saved(text[:1000]))
    elif _RESUMES.search(text[:500]) and (found := _ANY_PATH.search(text[:1000])):
        yield found["path"].rstrip("."), True


_NEAR = 200
"""Characters behind the verb within which a path is what it means."""


def _saved(text: str) -> Iterator[str]:
    at = _SAVES.search(text)
    start = at.end() if at else 0
    near = text[: start + _NEAR]
    path = next((f["path"] for f in _ANY_PATH.finditer(near, start) if _is_path(f["path"])), "")
    if path.endswith(_SOURCES):
        return
    if not path and (found := _SAVED_TO.search(text, start)):
        vague = found["path"].lower() in _NO_PATHS or text[found.start()] in "ai"
        path = "" if vague and not _HAS_DOT.search(found["path"]) else found["path"]
    if path:
        yield path.rstrip(".,:")


_SOURCES = (".py", ".cpp", ".c", ".h", ".cc", ".cu", ".js", ".ts", ".go", ".rs", ".java", ".html")
"""Files that no training writes, but warnings name."""
_NO_PATHS = frozenset(
    "the disk file a an memory torch_dist iteration step epoch cache this it".split()
)


_HAS_DOT = re.compile(r"[./\\]\w")


def _is_path(text: str) -> bool:
    return (
        not re.fullmatch(r"[\d./-]+|\d+/\d+", text)
        and not text.startswith("//")
        and "e.g" not in text
    )


def read_resume(text: str) -> tuple[bool, int | None]:
    """Return whether a line says that a run goes on from an earlier state, and at which step."""
    if not _RESUMES.search(text[:500]):
        return False, None
    found = _AT_STEP.search(text[:1000])
    return True, int(found["step"]) if found else None


def read_end(text: str) -> tuple[Status, str] | None:
    """Return how a run ended, where a line tells of an end in trouble."""
    if found := _KILLED.search(text[:500]):
        return "killed", found.string[:200].strip()
    if _FAILED.search(text[:500]):
        return "failed", text[:200].strip()
    return None


def read_trial(text: str) -> Trial | None:
    """Return how a trial ended, None where a line does not tell of one."""
    if found := _TRIAL.search(text):
        values = scalar(found["value"])
        many = values if isinstance(values, list) else [values]
        numbers = tuple([float(v) for v in many if isinstance(v, (int, float))])
        return Trial(int(found["number"]), "finished", numbers, _params(found["params"]))
    if found := _TRIAL_END.search(text):
        status: Status = "pruned" if found["how"] == "pruned" else "failed"
        return Trial(int(found["number"]), status, (), _params(found["params"] or "{}"))
    return None


def _params(text: str) -> dict[str, ParamValue]:
    from tui_tracker.parsing.dumps import flat, read_mapping

    return flat(read_mapping(text) or {})


def read_study(text: str) -> str:
    """Return the name of the study that a line begins, "" for another line."""
    found = _STUDY.search(text)
    return (found["name"] or found["old"]).strip() if found else ""
