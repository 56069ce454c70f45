"""Write runs into one file: all that was logged, their files and their code.

`tt unbundle FILE` brings them into another store, on any machine. What may hold a secret
stays here and is said; a run that others were derived from comes along only if named.
Exit code 1 says that something was left out without being asked.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.opening import add_json, add_runs, find_runs, open_store
from tui_tracker.cli.output import plural, print_json, say, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.bundle.format import LeftOut
    from tui_tracker.bundle.writing import Bundled

_MOST_SAID = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    parser.add_argument("--out", metavar="FILE", required=True, help="the file to write")
    parser.add_argument(
        "--with-data", action="store_true", help="also data files that are still as they were read"
    )
    parser.add_argument(
        "--without-artifacts",
        action="store_true",
        help="no files but splits, manifests and notebooks",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from tui_tracker import __version__
    from tui_tracker.bundle.writing import write_bundle
    from tui_tracker.cli.progress import Progress

    with open_store(args) as store, Progress("bundling") as progress:
        bundled = write_bundle(
            store,
            find_runs(store, args.runs),
            args.out,
            with_artifacts=not args.without_artifacts,
            with_data=args.with_data,
            version=__version__,
            progress=progress,
        )
    if args.json:
        print_json(_facts(bundled), indent=2)
    else:
        _tell(bundled)
    return 1 if any(not item.asked for item in bundled.contents.left_out) else 0


def _facts(bundled: Bundled) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "file": bundled.path,
        "size": bundled.size_bytes,
        "sha256": bundled.sha256,
        "runs": [asdict(run) for run in bundled.contents.runs],
        "counts": bundled.contents.counts,
        "left_out": [asdict(item) for item in bundled.contents.left_out],
    }


def _tell(bundled: Bundled) -> None:
    from tui_tracker.formatting import format_size

    counts = bundled.contents.counts
    parts = [plural(counts["runs"], "run")]
    if counts["artifacts"]:
        size = format_size(counts["artifact_bytes"])
        parts.append(f"{plural(counts['artifacts'], 'file')} ({size})")
    if counts["snapshots"]:
        parts.append(plural(counts["snapshots"], "code snapshot"))
    tell(f"{bundled.path}, {format_size(bundled.size_bytes)}: {', '.join(parts)}")
    if counts["hidden"]:
        tell(f"{plural(counts['hidden'], 'text')} held what looks like a secret, which is hidden")
    say_left_out(bundled.contents.left_out)


def say_left_out(items: tuple[LeftOut, ...]) -> None:
    """Say what is not in a bundle, one line each; what was asked for is only counted."""
    asked = sum(item.asked for item in items)
    if asked:
        tell(f"{plural(asked, 'file')} left out, as asked")
    others = [item for item in items if not item.asked]
    for item in others[:_MOST_SAID]:
        say(f"{item.what} {item.path}: {item.why}")
    if len(others) > _MOST_SAID:
        say(f"and {len(others) - _MOST_SAID:,} more: bundle.json in the file names all")
