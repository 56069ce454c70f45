"""What a project says of its audits, in the `pyproject.toml` beside the code.

    [tool.tui_tracker.audit]
    profile = "seed"
    fail-on = "error"
    required-params = { default = ["model_type", "seed"], gbdt = ["n_estimators", "seed"] }

    [tool.tui_tracker.audit.rules]
    "tags.ticket-missing" = "error"
    "artifacts.plots-missing" = "off"

    [[tool.tui_tracker.audit.experiment]]
    name = "debug_*"
    rules = { "artifacts.model-missing" = "off", "tags.ticket-missing" = "info" }

    [[tool.tui_tracker.audit.custom]]
    id = "acme.gpu-only"
    when = "tags.purpose == 'baseline'"
    require = "env.gpu_count >= 1"
    severity = "warn"
    message = "baselines run on a GPU"
    fix = "resubmit it on the gpu queue"

    [[tool.tui_tracker.audit.waive]]
    rule = "data.licence-missing"
    match = "data.name == 'internal_clicks'"
    reason = "internal data"
    until = 2026-12-31

Packages add rules of their own by the entry point group `tui_tracker.audit_rules`: a
`Rule`, or something that returns several when it is called.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from tui_tracker.audit.catalogue.params import REQUIRED
from tui_tracker.audit.engine import Finding, Override, Settings
from tui_tracker.audit.expressions import Condition, read_condition
from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import (
    NOT_APPLICABLE,
    PASSED,
    PROFILES,
    RULES,
    Answer,
    Doubt,
    Profile,
    Rule,
    Severity,
)
from tui_tracker.errors import InvalidArgument

GROUP = "tui_tracker.audit_rules"
FAIL_ON = ("never", "error", "warn", "info", "grade<A", "grade<B", "grade<C", "grade<D")
_KNOWN = ("profile", "fail-on", "required-params", "rules", "experiment", "custom", "waive")
_EXPERIMENT = ("name", "rules")
_CUSTOM = ("id", "when", "require", "severity", "message", "fix")
_WAIVE = ("rule", "match", "reason", "until", "owner")
_LEVELS = ("error", "warn", "info", "off")


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """A project's settings for its audits."""

    settings: Settings = field(default_factory=Settings)
    fail_on: str = "error"
    path: str = ""
    """The file that says so; "" where none does."""
    ended: tuple[Waiver, ...] = ()
    """Waivers whose day is over, so that their findings count again."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that somebody accepted, and until when."""

    rule: str
    match: Condition
    reason: str
    until: date | None
    owner: str = ""

    def is_over(self, today: date) -> bool:
        return self.until is not None and self.until < today


def find_config(start: Path) -> Path | None:
    """Return the nearest `pyproject.toml` from a folder upwards; None where there is none."""
    for folder in (start, *start.parents):
        if (path := folder / "pyproject.toml").is_file():
            return path
    return None


def read_config(
    start: Path, *, profile: str | None = None, today: date | None = None
) -> AuditConfig:
    """Return what the project around a folder says, with the rules of installed packages.

    `profile` wins over the file's.

    Raises:
        InvalidArgument: the file says something that means nothing, with the place.
    """
    path = find_config(start)
    table: Mapping[str, Any] = {}
    whole: Mapping[str, Any] = {}
    if path is not None:
        whole = _whole(path)
        table = _table(whole, path)
    where = f"{path}: [tool.tui_tracker.audit]" if path else "[tool.tui_tracker.audit]"
    _refuse_unknown(table, _KNOWN, where)
    custom = [_custom(entry, where) for entry in _tables(table, "custom", where)]
    rules = (*custom, *_installed())
    ids = [*RULES, *(rule.id for rule in rules)]
    if twice := [id_ for id_, count in Counter(ids).items() if count > 1]:
        raise InvalidArgument(f"{where}: two rules have the id {twice[0]!r}: rename one")
    chosen = profile or str(table.get("profile", "seed"))
    if chosen not in PROFILES:
        raise InvalidArgument(f"there is no audit profile {chosen!r}: use {', '.join(PROFILES)}")
    waivers = [_waiver(entry, ids, where) for entry in _tables(table, "waive", where)]
    today = today or date.today()
    settings = Settings(
        profile=chosen,
        severities=_severities(table.get("rules", {}), ids, where),
        overrides=tuple(
            _override(entry, ids, where) for entry in _tables(table, "experiment", where)
        ),
        rules=rules,
        waive=_waiving(waivers, today) if waivers else None,
        arguments=_arguments(table, chosen, where),
        said=_said(whole, waivers, today),
    )
    fail_on = str(table.get("fail-on", "error"))
    if fail_on.replace(" ", "") not in FAIL_ON:
        raise InvalidArgument(f"{where}: fail-on is {fail_on!r}, use {', '.join(FAIL_ON)}")
    ended = tuple(waiver for waiver in waivers if waiver.is_over(today))
    return AuditConfig(settings, fail_on.replace(" ", ""), str(path or ""), ended)


def _said(whole: Mapping[str, Any], waivers: Sequence[Waiver], today: date) -> str:
    """Return what of a file, and of today, decides what an audit says."""
    tool = whole.get("tool")
    ours = tool.get("tui_tracker", {}) if isinstance(tool, dict) else {}
    over = sum(waiver.is_over(today) for waiver in waivers)
    return f"{over} {ours!r}" if ours else ""


def _whole(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}") from error


def _table(whole: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    found: Any = whole
    for key in ("tool", "tui_tracker", "audit"):
        found = found.get(key, {}) if isinstance(found, dict) else {}
    if not isinstance(found, dict):
        raise InvalidArgument(f"{path}: tool.tui_tracker.audit is a table, not {found!r:.60}")
    return found


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise InvalidArgument(f"{where}: {key} is a list of tables, as in [[....audit.{key}]]")
    return found


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise InvalidArgument(f"{where}: {key!r} means nothing: {hint}")


def _severities(table: object, ids: Sequence[str], where: str) -> dict[str, Severity | None]:
    if not isinstance(table, dict):
        raise InvalidArgument(f"{where}: rules is a table of ids and severities")
    found: dict[str, Severity | None] = {}
    for id_, level in table.items():
        _refuse_unknown({id_: level}, ids, f"{where} rules")
        if level not in _LEVELS:
            raise InvalidArgument(f"{where}: {id_} is {level!r}, use {', '.join(_LEVELS)}")
        found[id_] = None if level == "off" else level
    return found


def _override(entry: Mapping[str, Any], ids: Sequence[str], where: str) -> Override:
    _refuse_unknown(entry, _EXPERIMENT, f"{where} experiment")
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidArgument(f"{where}: an experiment needs its name, or a pattern: name = 'a_*'")
    return Override(name, _severities(entry.get("rules", {}), ids, f"{where} experiment {name!r}"))


def _arguments(table: Mapping[str, Any], profile: str, where: str) -> dict[str, dict[str, Any]]:
    from tui_tracker.audit.catalogue.seeds import ENOUGH

    found: dict[str, dict[str, Any]] = {}
    least = ENOUGH[cast("Profile", profile)]
    if least != ENOUGH["seed"]:
        found["seed.too-few"] = {"least": least}
    required = table.get("required-params")
    if required is not None:
        lists = isinstance(required, dict) and all(
            isinstance(names, list) and all(isinstance(name, str) for name in names)
            for names in required.values()
        )
        if not lists:
            raise InvalidArgument(f"{where}: required-params is a table of lists of names")
        found["params.required-missing"] = {"required": {**REQUIRED, **required}}
    return found


def _custom(entry: Mapping[str, Any], where: str) -> Rule:
    _refuse_unknown(entry, _CUSTOM, f"{where} custom")
    id_ = str(entry.get("id", ""))
    if "." not in id_ or id_ in RULES:
        raise InvalidArgument(
            f"{where}: a custom rule needs an id with a prefix of its own, such as "
            f"'acme.gpu-only', not {id_!r}"
        )
    if "require" not in entry:
        raise InvalidArgument(f"{where}: rule {id_!r} needs what it requires: require = ...")
    severity = entry.get("severity", "warn")
    if severity not in _LEVELS[:3]:
        raise InvalidArgument(
            f"{where}: severity of {id_!r} is {severity!r}, use error, warn, info"
        )
    place = f"{where} {id_}"
    when = read_condition(str(entry["when"]), place) if "when" in entry else None
    require = read_condition(str(entry["require"]), place)
    message = str(entry.get("message") or f"{entry['require']} does not hold")
    fix = str(entry.get("fix") or "see the project's rules")

    def check(run: RunRecord) -> Answer:
        if when is not None and not when(run):
            return NOT_APPLICABLE
        return PASSED if require(run) else Doubt(str(entry["require"]), message, fix)

    return Rule(id_, "context", (severity,) * len(PROFILES), "run", check, message, "by hand")


def _installed() -> tuple[Rule, ...]:
    """Return the rules that installed packages add."""
    found: list[Rule] = []
    for point in _points(tuple(map(_state_of, sys.path))):
        try:
            loaded = point.load()
            given = loaded() if callable(loaded) and not isinstance(loaded, Rule) else loaded
            rules = [given] if isinstance(given, Rule) else list(cast("Iterable[Rule]", given))
        except Exception as error:
            raise InvalidArgument(f"the audit rules of {point.value} fail: {error}") from error
        for rule in rules:
            if not isinstance(rule, Rule) or rule.id in RULES or "." not in rule.id:
                raise InvalidArgument(
                    f"{point.value} gives {rule!r:.80}, which is no rule of its own"
                )
        found += rules
    return tuple(found)


@lru_cache(maxsize=4)
def _points(_: tuple[tuple[str, int], ...]) -> tuple[metadata.EntryPoint, ...]:
    """Return where installed packages have rules, read again once a folder of packages changed.

    A file is opened for each package, and the app asks whenever a run changed.
    """
    return tuple(metadata.entry_points(group=GROUP))


def _state_of(folder: str) -> tuple[str, int]:
    try:
        return folder, os.stat(folder or os.curdir).st_mtime_ns
    except OSError:
        return folder, 0


def _waiver(entry: Mapping[str, Any], ids: Sequence[str], where: str) -> Waiver:
    _refuse_unknown(entry, _WAIVE, f"{where} waive")
    rule = str(entry.get("rule", ""))
    _refuse_unknown({rule: None}, ids, f"{where} waive")
    reason = str(entry.get("reason", "")).strip()
    if not reason:
        raise InvalidArgument(f"{where}: the waiver of {rule} needs its reason")
    until = entry.get("until")
    until = until.date() if isinstance(until, datetime) else until
    if until is not None and not isinstance(until, date):
        raise InvalidArgument(f"{where}: until of {rule} is {until!r}, use a date: 2026-12-31")
    text = str(entry.get("match", "True == True")) if "match" in entry else None
    match = read_condition(text, f"{where} waive {rule}") if text else (lambda _: True)
    return Waiver(rule, match, reason, until, str(entry.get("owner", "")))


def _waiving(waivers: Sequence[Waiver], today: date) -> Callable[[Finding, RunRecord], str]:
    def waive(finding: Finding, record: RunRecord) -> str:
        for waiver in waivers:
            if waiver.rule != finding.rule or waiver.is_over(today):
                continue
            if waiver.match(record):
                by = f", {waiver.owner}" if waiver.owner else ""
                until = f" (until {waiver.until}{by})" if waiver.until else f"{by}"
                return f"{waiver.reason}{until}"
        return ""

    return waive
