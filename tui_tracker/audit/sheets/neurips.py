"""The items of the NeurIPS paper checklist that records can answer: 4 to 8, and 12.

Source: neurips.cc, Paper Checklist Guidelines (asked here in our own words).
"""

from __future__ import annotations

from tui_tracker.audit.sheets.items import Item, Subject, by_rules


def _settings(subject: Subject) -> str:
    names = {name for one in subject.audited for name in one.record.params}
    return f"{len(names)} params are recorded" if names else "no param is recorded"


NEURIPS: tuple[Item, ...] = (
    Item(
        "4",
        "Can the main results be had again from what is told?",
        by_rules(
            "code.commit-missing", "code.entry-missing", "code.snapshot-incomplete",
            "data.name-missing", "data.version-missing", "env.freeze-missing",
            "params.required-missing", "run.unverified",
            also="say in the paper which run gives which number",
        ),
    ),
    Item(
        "5",
        "Are code and data open, with instructions?",
        by_rules(
            "code.commit-unpushed", "code.snapshot-incomplete", "code.ignored-import",
            "data.version-missing", "data.unresolvable", says=lambda s: s.data(),
            needs=("code.commit-missing", "data.name-missing"),
            also="publish the repository, or the bundle that `tt bundle` writes, and link it",
        ),
    ),
    Item(
        "6",
        "Are splits, params and how they were chosen told?",
        by_rules(
            "params.required-missing", "params.search-undocumented",
            "data.split-strategy-missing", "data.split-not-rebuildable", "metrics.main-missing",
            says=_settings,
        ),
    ),
    Item(
        "7",
        "Is the spread of results told, with what varies and how it was computed?",
        by_rules(
            "seed.too-few", "seed.selection", "metrics.uncertainty-missing", "seed.not-applied",
            also="state mean, interval and n as `tt group --by params-but-seed` prints them",
        ),
    ),
    Item(
        "8",
        "Is the compute told: machines, memory, time, also of what failed?",
        by_rules(
            "env.hardware-missing", "env.compute-missing",
            says=lambda s: "; ".join(w for w in (s.machines(), s.compute()) if w),
        ),
    ),
    Item(
        "12",
        "Are licences and origins of data and models told?",
        by_rules(
            "data.licence-missing", "artifacts.unknown-producer", says=lambda s: s.data(),
            needs=("data.name-missing",),
        ),
    ),
)  # fmt: skip
