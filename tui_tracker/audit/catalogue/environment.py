"""Rules about the environment: which Python, which packages, which machine?"""

from __future__ import annotations

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, UNKNOWN, Answer, Doubt, rule
from tui_tracker.facts import mapping, mappings, switch, word


@rule("env.python-missing", "env", "EEEE", fix="proposed")
def python_missing(run: RunRecord) -> Answer:
    """Another Python may hash, sort and round in another way."""
    python = run.fact("environment", "python")
    if python or run.fact("process", "python") or run.params.get("python_version"):
        return PASSED
    if run.is_open("environment"):
        return UNKNOWN
    return Doubt(
        "environment.python",
        "the version of Python is not recorded",
        "leave the capture switched on (TUI_TRACKER_CAPTURE), or log the param python_version",
    )


@rule("env.freeze-missing", "env", "EEEE", fix="proposed", of=("environment",))
def freeze_missing(run: RunRecord) -> Answer:
    """Without the versions of its packages a program is only half a program."""
    if run.fact("environment", "packages") or run.fact("environment", "conda"):
        return PASSED
    if run.is_open("environment"):
        return UNKNOWN
    part = run.parts.get("environment")
    why = f": {part.reason}" if part is not None and part.reason else ""
    return Doubt(
        "environment.packages",
        f"the list of packages is not recorded{why}",
        "leave the capture switched on (TUI_TRACKER_CAPTURE)",
    )


@rule("env.unlockable", "env", "WWEE", fix="proposed", of=("environment",))
def unlockable(run: RunRecord) -> Answer:
    """A package that was installed from a folder is on no index."""
    part = run.part("environment")
    if part is None:
        return NOT_APPLICABLE
    origins = mapping(part.facts, "origins")
    for name in origins:
        origin = mapping(origins, name)
        kind = word(origin, "kind")
        kept = switch(mapping(origin, "snapshot"), "complete")
        if (kind in ("editable", "local") and not kept and not word(origin, "sha256")) or (
            kind == "vcs" and not word(origin, "commit")
        ):
            return Doubt(
                f"environment.packages.{name}",
                f"package {name!r} was installed from "
                + ("a folder" if kind != "vcs" else "a repository")
                + ", and its state is not kept",
                "install it at a commit: `pip install git+URL@COMMIT`, or leave the capture on",
            )
    return PASSED


@rule("env.lock-unhashed", "env", "-IWE", fix="automatic", of=("environment", "lock"))
def lock_unhashed(run: RunRecord) -> Answer:
    """A version can be published anew; a hash cannot."""
    if run.part("environment") is None:
        return NOT_APPLICABLE
    lock = run.part("lock")
    files = mappings(lock.facts, "files") if lock is not None else []
    if files or run.fact("environment", "lock"):
        return PASSED
    return Doubt(
        "lock",
        "there is no lock file with hashes of the packages",
        "`uv lock` in the project, or `tt statement RUN --format pylock --out pylock.toml` there: "
        "the next run records it",
    )


@rule("env.changed-during-run", "env", "IWWE", of=("environment", "modules"))
def changed_during_run(run: RunRecord) -> Answer:
    """A package that was upgraded while it was imported was two versions at once."""
    modules, environment = run.part("modules"), run.part("environment")
    if modules is None or environment is None:
        return NOT_APPLICABLE
    imported = mapping(modules.facts, "distributions")
    installed = mapping(environment.facts, "packages")
    known = {name.lower().replace("_", "-"): word(installed, name) for name in installed}
    for name in imported:
        before = known.get(name.lower().replace("_", "-"))
        if before and before != word(imported, name):
            return Doubt(
                f"environment.packages.{name}",
                f"{name} was {before} at the start and {word(imported, name)} at the end",
                "do not install while a run is active",
            )
    return PASSED


@rule("env.hardware-missing", "env", "-WEE", of=("environment", "hardware", "modules"))
def hardware_missing(run: RunRecord) -> Answer:
    """The processor and its libraries decide the last bits, and a card more than those."""
    if run.is_open("hardware"):
        return UNKNOWN
    missing = [] if run.fact("environment", "system") else ["operating system"]
    missing += [] if run.fact("hardware", "cpu") else ["processor"]
    part = run.part("hardware")
    cards = mappings(part.facts, "gpus") if part is not None else []
    used = mapping(run.parts["modules"].facts, "distributions") if run.part("modules") else {}
    if (
        cards
        and used.keys() & {"torch", "tensorflow", "jax"}
        and not run.fact("hardware", "driver")
    ):
        missing.append("driver of the graphics card")
    if not missing:
        return PASSED
    return Doubt(
        "hardware",
        f"not recorded: {', '.join(missing)}",
        "leave the capture switched on (TUI_TRACKER_CAPTURE)",
    )


@rule("env.compute-missing", "env", "--WI", fix="automatic")
def compute_missing(run: RunRecord) -> Answer:
    """A report says what a result cost."""
    if run.fact("resources", "wall_s") or run.detail.row.ended_at is not None:
        return PASSED
    return Doubt(
        "resources", "how long it took and what it needed is not recorded", "let the run end"
    )


@rule("env.container-unpinned", "env", "-IWE", fix="proposed")
def container_unpinned(run: RunRecord) -> Answer:
    """The tag of an image is another image tomorrow."""
    container = run.fact("process", "container")
    if not isinstance(container, dict) or not container.get("image"):
        return NOT_APPLICABLE
    if container.get("digest") or "@sha256:" in str(container["image"]):
        return PASSED
    return Doubt(
        "process.container",
        f"the image {container['image']!r} is named by its tag alone",
        "start it by its digest: `image@sha256:...`, or set TUI_TRACKER_IMAGE_DIGEST",
    )
