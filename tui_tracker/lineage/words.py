"""A part of the lineage told in one line, for lists and overviews; nothing is checked."""

from __future__ import annotations

from tui_tracker.facts import mapping, mappings, members, number, switch, whole, word
from tui_tracker.formatting import format_count, format_duration, format_size, format_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.facts import Facts

SHORT = 7
"""Letters of a commit in a sentence, as git itself shortens it."""
_FEW, _DEEPEST = 4, 4


def plural(count: int, what: str) -> str:
    """Return `1 file`, `2 files`, `1,000 files`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def code_line(facts: Facts) -> str:
    """Return `trunk @ 1a2b3c4, +41/-3 in 4 files, kept whole`."""
    commit = word(facts, "commit")[:SHORT] or "no commit yet"
    branch = word(facts, "branch")
    if word(facts, "vcs") in ("none", "unreadable") and not word(facts, "commit"):
        commit = "no version control" if word(facts, "vcs") == "none" else "repository unreadable"
    place = f"{branch} @ {commit}" if branch else commit
    return ", ".join(part for part in (place, changes_line(facts), kept_line(facts)) if part)


def changes_line(facts: Facts) -> str:
    """Return what was changed on top of the commit; "" where that is not known."""
    stat = mapping(facts, "diffstat")
    files = whole(stat, "files")
    if files:
        added, removed = whole(stat, "added") or 0, whole(stat, "removed") or 0
        return f"+{added:,}/-{removed:,} in {plural(files, 'file')}"
    counts = mapping(facts, "changes")
    changed = [f"{count:,} {kind}" for kind in counts if (count := whole(counts, kind))]
    if changed:
        return ", ".join(changed)
    dirty = switch(facts, "dirty")
    return "" if dirty is None else "changed" if dirty else "clean"


def kept_line(facts: Facts) -> str:
    """Return whether the code itself is kept."""
    snapshot = mapping(facts, "snapshot")
    if not word(snapshot, "commit"):
        return ""
    if switch(snapshot, "complete"):
        return "kept whole"
    skipped = len(mappings(snapshot, "skipped"))
    return f"kept but for {plural(skipped, 'file')}" if skipped else "kept in part"


def environment_line(facts: Facts) -> str:
    """Return `Python 3.11.9, 104 packages, Linux-6.1 ...`, by either shape of the facts."""
    python = word(mapping(facts, "python"), "version") or text_of(facts, "python")
    packages = mapping(facts, "packages")
    system = mapping(facts, "system")
    named = word(system, "distro") or word(system, "name")
    words = [
        f"Python {python}" if python else "",
        plural(len(packages), "package") if packages else "",
        named or text_of(facts, "system"),
    ]
    return ", ".join(part for part in words if part)


def hardware_line(facts: Facts) -> str:
    """Return processor, cores, memory and graphics cards."""
    cores, memory = whole(facts, "cores"), whole(facts, "memory_bytes")
    words = [
        text_of(facts, "cpu"),
        plural(cores, "core") if cores else "",
        format_size(memory) if memory else "",
        *(word(gpu, "name") for gpu in mappings(facts, "gpus")),
    ]
    return ", ".join(part for part in words if part)


def data_line(facts: Facts) -> str:
    """Return `train.csv v3, train, 120,000 rows, 8.1 MB, sha256:1a2b3c4d5e6f`."""
    files, rows, size = (whole(facts, key) for key in ("files", "rows", "bytes"))
    version, name = word(facts, "version"), word(facts, "name")
    words = [
        " ".join(part for part in (name, version) if part),
        word(facts, "role"),
        plural(files, "file") if files and files > 1 else "",
        plural(rows, "row") if rows is not None else "",
        format_size(size) if size is not None else "",
        short_digest(word(facts, "digest")),
    ]
    return ", ".join(part for part in words if part)


def split_line(facts: Facts) -> str:
    """Return `random, train 120, test 30, seed 7, sha256:1a2b3c4d5e6f`."""
    seed = facts.get("seed")
    words = [
        word(facts, "strategy") or word(facts, "splitter"),
        *role_counts(facts),
        "" if seed is None else f"seed {word(facts, 'seed')}",
        short_digest(word(facts, "hash")),
    ]
    return ", ".join(part for part in words if part)


def seeds_line(facts: Facts) -> str:
    """Return `seed=7, applied to random, numpy`."""
    params = mapping(facts, "params")
    wanted = ", ".join(f"{name}={format_value(params[name])}" for name in params)
    libraries = [word(item, "library") for item in mappings(facts, "applied")]
    reached = ", ".join(dict.fromkeys(libraries))
    told = f"applied to {reached}" if reached else "applied to no generator"
    return ", ".join(part for part in (wanted, told) if part)


def determinism_line(facts: Facts) -> str:
    """Return the first flags as they were at the start, and how many changed until the end."""
    start, end = (flat(mapping(facts, when)) for when in ("start", "end"))
    flags = start or end
    changed = sum(name in start and name in end and start[name] != end[name] for name in flags)
    words = [f"{name}={flags[name]}" for name in list(flags)[:_FEW]]
    words += [f"{changed} changed while it ran"] if changed else []
    return ", ".join(words) or "no flag is set"


def modules_line(facts: Facts) -> str:
    """Return `2 modules imported from here, 1 changed while it ran`."""
    changed = len(members(facts, "changed"))
    words = [f"{plural(len(members(facts, 'modules')), 'module')} imported from here"]
    words += [f"{changed} changed while it ran"] if changed else []
    return ", ".join(words)


def reads_line(facts: Facts) -> str:
    """Return `3 files read and never declared`."""
    folders = mapping(facts, "folders")
    count = sum(whole(mapping(folders, path), "files") or 0 for path in folders)
    count += whole(facts, "more") or 0
    return f"{plural(count, 'file')} read and never declared" if count else "nothing undeclared"


def process_line(facts: Facts) -> str:
    """Return `train.py in /home/ada/project on gpu-node-3`."""
    script, cwd, host = (word(facts, key) for key in ("script", "cwd", "host"))
    return " ".join(
        p for p in (script, f"in {cwd}" if cwd else "", f"on {host}" if host else "") if p
    )


def resources_line(facts: Facts) -> str:
    """Return `1m 30s of processor, 2.0 GB of memory at most`."""
    seconds, peak = number(facts, "cpu_s"), whole(facts, "peak_rss_bytes")
    words = [f"{format_duration(seconds)} of processor"] if seconds is not None else []
    words += [f"{format_size(peak)} of memory at most"] if peak is not None else []
    return ", ".join(words)


def lock_line(facts: Facts) -> str:
    paths = [word(file, "path") for file in mappings(facts, "files")]
    return ", ".join(path for path in paths if path)


def variables_line(facts: Facts) -> str:
    variables = mapping(facts, "variables")
    return " ".join(f"{name}={word(variables, name)}" for name in variables) or "none is set"


def flat(facts: Facts, prefix: str = "", depth: int = 0) -> dict[str, str]:
    """Return nested facts by dotted names, values as text."""
    found: dict[str, str] = {}
    for name, value in facts.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value and depth < _DEEPEST:
            found |= flat(value, f"{key}.", depth + 1)
        else:
            found[key] = format_value(value)
    return found


_ROLES = ("train", "val", "valid", "validation", "dev", "test")


def role_counts(facts: Facts) -> list[str]:
    """Return `train 120`, `test 30` ... in the order in which roles are used."""
    counts = mapping(facts, "n")
    order = sorted(counts, key=lambda role: _ROLES.index(role) if role in _ROLES else len(_ROLES))
    return [f"{role} {format_count(n)}" for role in order if (n := whole(counts, role)) is not None]


def short_digest(digest: str, digits: int = 12) -> str:
    """Return a digest cut to so many digits, its algorithm kept: `sha256:1a2b3c4d5e6f`."""
    head, colon, tail = digest.rpartition(":")
    return f"{head}{colon}{tail[:digits]}"


def text_of(facts: Facts, key: str) -> str:
    """Return a fact that is a text or a number; "" for anything built of parts."""
    value = facts.get(key)
    return "" if value is None or isinstance(value, (dict, list, bool)) else word(facts, key)
