"""A run as all exports read it: cleaned facts by name, and how others write such things."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tui_tracker.outgoing import clean_param, clean_value
from tui_tracker.queries import Artifact, MetricSummary, RunDetail
from tui_tracker.queries.records import json_number

NAMESPACE = "pkg:pypi/tui-tracker#"
"""What names of our own begin with: a URI that stays, and that names the program."""
INPUT_KINDS = frozenset(("data", "dataset", "input"))
"""Kinds of artifacts that a run used; it made the others."""
EVIDENCE_KINDS = frozenset(("split", "manifest", "notebook"))
"""Kinds of artifacts that tell about a run; neither its inputs nor its results."""
_SCP = re.compile(r"(?P<who>[\w.~-]+@)?(?P<host>[\w.-]+):(?P<path>(?!//).+)")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run and what else an export may tell."""

    detail: RunDetail
    version: str
    """Of this program."""
    record: str
    """The run's public JSON, as `tt show --json` prints it."""
    console_sha256: str | None = None
    """Of the printed lines, each with a line end; None where nothing was printed."""

    @property
    def id(self) -> str:
        return self.detail.row.id

    @property
    def name(self) -> str:
        return str(clean_value(self.detail.row.name))

    @property
    def experiment(self) -> str:
        return str(clean_value(self.detail.row.experiment))

    def part(self, name: str) -> Json:
        """Return the recorded facts of a part; {} where there are none."""
        for part in self.detail.lineage:
            if part.name == name:
                return plain(clean_value(part.facts))  # type: ignore[no-any-return]
        return {}

    def parts(self, prefix: str) -> list[Json]:
        """Return the facts of the parts whose names begin so, by name."""
        found = [part for part in self.detail.lineage if part.name.startswith(prefix)]
        return [self.part(part.name) for part in found if part.facts]

    @property
    def params(self) -> Json:
        return {
            str(clean_value(name)): plain(clean_param(name, value))
            for name, value in self.detail.row.params.items()
        }

    @property
    def argv(self) -> list[str]:
        argv = self.part("process").get("argv")
        return [str(word) for word in argv] if isinstance(argv, list) else []

    @property
    def metrics(self) -> Json:
        """Summaries by label."""
        return {
            str(clean_value(metric.label)): _summary(metric)
            for metric in self.detail.row.metrics.values()
        }

    @property
    def made(self) -> list[Artifact]:
        """The last version of each result of which the hash is known, by path."""
        return self._artifacts(lambda kind: kind not in INPUT_KINDS | EVIDENCE_KINDS)

    @property
    def used(self) -> list[Artifact]:
        """The same of the files that the run used."""
        return self._artifacts(lambda kind: kind in INPUT_KINDS)

    @property
    def evidence(self) -> list[Artifact]:
        """The same of splits, manifests and notebooks."""
        return self._artifacts(lambda kind: kind in EVIDENCE_KINDS)

    def _artifacts(self, fits: Any) -> list[Artifact]:
        last = {a.path: a for a in self.detail.artifacts if fits(a.kind) and a.sha256}
        return list(last.values())

    @property
    def datasets(self) -> list[Json]:
        return self.parts("data:")

    @property
    def packages(self) -> dict[str, str]:
        """Versions of the installed distributions by name."""
        found = self.part("environment").get("packages")
        return {str(name): str(v) for name, v in found.items()} if isinstance(found, dict) else {}

    @property
    def origins(self) -> dict[str, Json]:
        """Where the distributions came from that are not plainly from an index."""
        found = self.part("environment").get("origins")
        return found if isinstance(found, dict) else {}

    @property
    def python(self) -> str:
        """The version, "" where it was not recorded."""
        python = self.part("environment").get("python")
        if isinstance(python, dict):
            python = python.get("version")
        return str(python or self.part("process").get("python") or "").split(" ")[0]


def plain(value: Any) -> Any:
    """Return data as JSON can say them: NaN and infinities as their words."""
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, Mapping):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    return value


def _summary(metric: MetricSummary) -> Json:
    names = ("last", "min", "max", "mean", "count", "first_step", "last_step")
    said = {name: getattr(metric, name) for name in names}
    if metric.nan or metric.inf:
        said |= {"nan": metric.nan, "inf": metric.inf}
    return {name: plain(value) for name, value in said.items() if value is not None}


def canonical(value: Any) -> bytes:
    """Return the one JSON text of some data: keys in order, no spaces, ASCII."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":")).encode()


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def record_digest(run: Run) -> str:
    """Return the SHA-256 of the canonical JSON of a run's public record.

    Without `lineage.origin`, which a run that came in a bundle has and its first one has not.
    """
    record = json.loads(run.record)
    record.get("lineage", {}).pop("origin", None)
    return sha256(canonical(record))


def iso(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC with milliseconds: `2026-11-23T08:30:00.125Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def to_text(value: Any) -> str:
    """Return data as JSON for people to read."""
    return json.dumps(plain(value), indent=2, allow_nan=False) + "\n"


def present(facts: Mapping[str, Any]) -> Json:
    """Return the facts that say something."""
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}


def digest_set(digest: str) -> dict[str, str]:
    """Return a recorded digest by its algorithm, as in-toto names them.

    `sha256:<hex>` is a hash of the content; what is told by another tool (`dvc:md5:..`) or
    was only sampled keeps its own name, so that nobody takes it for one.
    """
    kind, separator, value = digest.partition(":")
    if not separator or not value:
        return {}
    inner, _, rest = value.partition(":")
    if kind == "dvc" and inner == "md5" and rest:
        kind, value = "md5", rest.removesuffix(".dir")
    return {kind: value}


def repository_url(remote: str) -> str:
    """Return where a repository is as a URL; "" for a folder of this machine."""
    if "://" in remote:
        return "" if remote.startswith("file:") else remote
    match = _SCP.fullmatch(remote)
    if match is None or len(match["host"]) < 2:
        return ""
    return f"ssh://{match['who'] or ''}{match['host']}/{match['path'].lstrip('/')}"


def git_uri(remote: str) -> str:
    """Return a repository as SPDX names a place to download from: `git+https://..`."""
    url = repository_url(remote)
    return url if not url or url.startswith(("git:", "git+")) else f"git+{url}"


def normal_name(package: str) -> str:
    """Return a package's name as indexes spell it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def purl(package: str, version: str) -> str:
    """Return a package as a package URL."""
    return f"pkg:pypi/{quote(normal_name(package), safe='')}@{quote(version, safe='')}"
