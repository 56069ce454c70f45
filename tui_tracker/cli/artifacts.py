"""List the files that a run made or used, show one, or copy those that are stored to a folder."""

from __future__ import annotations

import argparse
import json
import os
import shutil

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.cli.opening import READ_WAIT_S, add_json, add_run, open_store
from tui_tracker.cli.output import print_json, say
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import Artifact, find_run, get_run
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("path", metavar="PATH", nargs="?", help="this file alone, or its end")
    parser.add_argument("--out", metavar="DIR", help="copy the stored files there")
    parser.add_argument(
        "--show", action="store_true", help="print the file: text, table, array or picture"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        key = find_run(store, args.run)
        artifacts = get_run(store, key).artifacts
        if args.path is not None:
            from tui_tracker.cli.artifact_show import find_artifact

            artifacts = (find_artifact(artifacts, args.path),)
        if args.show:
            return _show(store, artifacts, args.path)
        whole = _copy_out(store, artifacts, args.out) if args.out else True
        if args.json:
            records = json.loads(next(run_records(store, [key])))["artifacts"]
            paths = {artifact.path for artifact in artifacts}
            print_json([record for record in records if record["path"] in paths], indent=2)
        elif not artifacts:
            say("this run has no artifacts")
        elif not args.out:
            from tui_tracker.cli.show import print_artifacts

            print_artifacts(artifacts)
    return 0 if whole else 1


def _show(store: Store, artifacts: tuple[Artifact, ...], path: str | None) -> int:
    from tui_tracker.cli.artifact_show import show_artifact

    if path is None:
        raise InvalidArgument("--show needs the PATH of a file: tt artifacts RUN PATH --show")
    show_artifact(store, artifacts[0])
    return 0


def _copy_out(store: Store, artifacts: tuple[Artifact, ...], target: str) -> bool:
    """Copy the last version of every path that is stored; return whether all were."""
    whole = True
    last = {artifact.path: artifact for artifact in artifacts}
    for artifact in last.values():
        source = stored_path(folders.artifacts(store.folder), artifact.sha256 or "none")
        if not (artifact.copied and os.path.isfile(source)):
            say(f"{artifact.path}: not in the store, only its name is known")
            whole = False
            continue
        place = os.path.join(target, inner_path(artifact.path))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copyfile(source, place)
        say(f"{place}")
    return whole


def inner_path(path: str) -> str:
    """Return the path as one that cannot lead out of the folder it is joined to."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return os.path.join(*parts).replace("\0", "") if parts else "unnamed"
