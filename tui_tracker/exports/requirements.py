"""`requirements.txt` of a run: every installed distribution at its exact version.

What pip cannot get back (packages in place, local folders, conda's) is a comment with the
snapshot that the store keeps of it.
"""

from __future__ import annotations

from tui_tracker.capture.redaction import redact_text
from tui_tracker.exports import Export
from tui_tracker.exports.facts import Json, Run


def export(run: Run) -> Export:
    packages, origins = run.packages, run.origins
    if not packages:
        note = "no packages were recorded of this run, so there is nothing to require"
        return Export(_head(run), (note,))
    lines = [_line(name, version, origins.get(name)) for name, version in packages.items()]
    lost = sum(line.startswith("#") for line in lines)
    notes = (f"{lost} of {len(lines)} packages came from no index: comments say from where",)
    return Export(_head(run) + "".join(f"{line}\n" for line in lines), notes if lost else ())


def _head(run: Run) -> str:
    python = f", Python {run.python}" if run.python else ""
    return f"# packages of the run {_one_line(run.name)} ({run.id}){python}\n"


def _line(name: str, version: str, origin: Json | None) -> str:
    """Return a requirement, or a comment where pip would get something else by it."""
    pinned = f"{name}=={version}"
    kind = origin.get("kind") if isinstance(origin, dict) else None
    if origin is None or kind in (None, "index"):
        return pinned
    url = _one_line(redact_text(str(origin.get("url") or "")))
    below = f"subdirectory={origin['subdirectory']}" if origin.get("subdirectory") else ""
    if kind == "vcs" and url and origin.get("commit"):
        vcs = str(origin.get("vcs") or "git")
        place = url if url.startswith(f"{vcs}+") else f"{vcs}+{url}"
        return f"{name} @ {place}@{origin['commit']}{f'#{below}' if below else ''}"
    if kind == "archive" and url.startswith(("http://", "https://")):
        parts = [part for part in (str(origin.get("hash") or ""), below) if part]
        return f"{name} @ {url}{'#' + '&'.join(parts) if parts else ''}"
    return f"# {pinned}  {_told(str(kind), origin)}"


def _told(kind: str, origin: Json) -> str:
    where = _one_line(str(origin.get("path") or origin.get("url") or ""))
    snapshot = origin.get("snapshot")
    kept = snapshot.get("commit") or snapshot.get("tree") if isinstance(snapshot, dict) else None
    what = {"editable": "installed in place from", "conda": "installed by conda"}.get(kind, "from")
    return " ".join(filter(None, (what, where, f"(snapshot {kept})" if kept else "")))


def _one_line(text: str) -> str:
    return " ".join(text.split())
