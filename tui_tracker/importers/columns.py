"""What the columns of a table are: roles that are guessed, shown, and changed by who knows.

A column has one role: the step, the time, what tells runs apart, a metric, a param, or none.
`column_guess` makes the guess. It is a value; nothing is read by it yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal, TypedDict

from tui_tracker.errors import InvalidArgument
from tui_tracker.importers.table_text import Form

Role = Literal["step", "time", "run", "metrics", "params"]
ROLES: dict[str, Role] = {
    "step": "step",
    "time": "time",
    "run": "run",
    "metric": "metrics",
    "metrics": "metrics",
    "param": "params",
    "params": "params",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The role of each column of a table."""

    names: tuple[str, ...]
    form: Form
    step: str = ""
    """"" counts the rows of a run from 0."""
    time: str = ""
    """"" where no column tells when a row was written."""
    run: str = ""
    """The column whose values tell runs apart; "" makes one run of the file."""
    metrics: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    """Of each run, the value of its first row counts."""
    others_are_metrics: bool = True
    """Numbers in columns that first come later on are metrics."""
    rows: int = 0
    """How many rows were looked at."""
    step_is_sure: bool = False
    """A column by its name says what a step is."""
    step_goes_on: bool = False
    """Within a run the steps rise, but for a few restarts."""
    runs_by_name: bool = False
    """The column of runs holds their names or numbers; else a setting, which is a param too."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns without a role: texts, and what was taken from a role."""
        roles = {self.step, self.time, self.run, *self.metrics, *self.params}
        return tuple(name for name in self.names if name not in roles)

    def changed(
        self,
        *,
        step: str | None = None,
        time: str | None = None,
        run: str | None = None,
        metrics: Sequence[str] | None = None,
        params: Sequence[str] | None = None,
    ) -> Columns:
        """Return the roles with some given anew; None leaves one as it is, "" takes it away.

        A column leaves the role that it had. `metrics` are all that count from now on; `params`
        come to those that are there.

        Raises:
            InvalidArgument: there is no such column, or it was given two roles.
        """
        given = [*(one for one in (step, time, run) if one), *(metrics or ()), *(params or ())]
        for name in given:
            if name not in self.names:
                raise InvalidArgument(_no_column(name, self.names))
            if given.count(name) > 1:
                raise InvalidArgument(f"the column {name!r} can have only one role.")
        taken = set(given)

        def one(new: str | None, old: str) -> str:
            return new if new is not None else "" if old in taken else old

        kept = self.metrics if metrics is None else ()
        return replace(
            self,
            step=one(step, self.step),
            time=one(time, self.time),
            run=one(run, self.run),
            metrics=(*(name for name in kept if name not in taken), *(metrics or ())),
            params=(*(name for name in self.params if name not in taken), *(params or ())),
            others_are_metrics=metrics is None and self.others_are_metrics,
        )


class Roles(TypedDict, total=False):
    """The arguments of `Columns.changed`."""

    step: str
    time: str
    run: str
    metrics: list[str]
    params: list[str]


def parse_columns(text: str) -> Roles:
    """Return `step=epoch,time=wall,param=lr` as arguments of `Columns.changed`.

    A role may come again: `metric=loss,metric=acc`. A name with a comma stands in double quotes.

    Raises:
        InvalidArgument: it is not of this form, or there is no such role.
    """
    roles = Roles()
    for part in _parts(text):
        role, name = _role_and_name(part)
        if role == "metrics" or role == "params":
            roles.setdefault(role, []).append(name)
        elif role in roles:
            raise InvalidArgument(f"{role!r} is given twice: only one column can be the {role}.")
        else:
            roles[role] = name
    return roles


def _role_and_name(part: str) -> tuple[Role, str]:
    role, equals, name = part.partition("=")
    role = role.strip()
    if not equals:
        raise InvalidArgument(
            f"{part.strip()!r} gives no column a role: write ROLE=COLUMN, as in step=epoch."
        )
    if role not in ROLES:
        near = get_close_matches(role, ROLES, n=1)
        known = f"did you mean {near[0]!r}?" if near else "step, time, run, metric, param are."
        raise InvalidArgument(f"{role!r} is no role of a column: {known}")
    return ROLES[role], name.strip().strip('"')


def _parts(text: str) -> list[str]:
    parts = re.findall(r'(?:[^,"]|"[^"]*")+', text)
    if not parts:
        raise InvalidArgument("no column was named: write ROLE=COLUMN, as in step=epoch,param=lr.")
    return parts


def describe(columns: Columns) -> list[str]:
    """Return a line for each role, for who is to confirm them."""
    step = repr(columns.step) if columns.step else "the number of the row, counted from 0"
    lines = [f"step: {step}"]
    lines.append(f"time: {columns.time!r}" if columns.time else "time: not told")
    if columns.run:
        lines.append(f"run: one for each value of {columns.run!r}")
    lines.append(f"metrics: {_listed(columns.metrics)}")
    if columns.params:
        lines.append(f"params: {_listed(columns.params)}")
    if columns.ignored:
        lines.append(f"left out: {_listed(columns.ignored)}")
    return lines


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - 12:,} more" if len(names) > 12 else ""
    return ", ".join(names[:12]) + more


def _no_column(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1)
    known = f"did you mean {near[0]!r}?" if near else f"there are {_listed(names)}."
    return f"there is no column named {name!r}: {known}"
