"""Rules about a run as a piece of work: for what, by whom, ended how, ever got again?"""

from __future__ import annotations

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, Answer, Doubt, rule
from tui_tracker.formatting import format_duration
from tui_tracker.names.words import EXPERIMENT_PURPOSES, PURPOSES

_OWNERS = ("owner", "author", "team")
_TICKETS = ("ticket", "task", "issue")


@rule("tags.purpose-missing", "context", "-EWE", fix="proposed")
def purpose_missing(run: RunRecord) -> Answer:
    """What a run was for decides what may be concluded from it."""
    experiment = run.detail.row.experiment.rpartition("/")[2]
    told = run.tag("purpose") or run.tag("stage") or run.params.get("purpose")
    if told or set(run.tags) & set(PURPOSES):
        return PASSED
    if experiment.partition("_")[0] in EXPERIMENT_PURPOSES:
        return PASSED  # sweep_lr says it
    return Doubt(
        "tags.purpose",
        "what the run was for is not told: baseline, sweep, ablation ...",
        "`tt tag RUN purpose:baseline`, or begin the experiment's name with it: sweep_lr",
    )


@rule("tags.owner-missing", "context", "-EIE", fix="proposed")
def owner_missing(run: RunRecord) -> Answer:
    """Somebody has to be there to ask."""
    if any(run.tag(key) or run.params.get(key) for key in _OWNERS) or run.detail.user:
        return PASSED
    return Doubt("tags.owner", "whose run it is is not told", "`tt tag RUN owner:NAME`")


@rule("tags.ticket-missing", "context", "-W-E")
def ticket_missing(run: RunRecord) -> Answer:
    """A ticket tells why the work was begun, and what came of it."""
    if any(run.tag(key) or run.params.get(key) for key in _TICKETS):
        return PASSED
    return Doubt("tags.ticket", "no ticket or task is linked", "`tt tag RUN ticket:ML-123`")


@rule("run.unfinished", "context", "WWEE", fix="automatic")
def unfinished(run: RunRecord) -> Answer:
    """A run that did not end by itself may lack its last and best values."""
    row = run.detail.row
    if row.status == "finished":
        return PASSED
    if row.status == "running":
        return NOT_APPLICABLE
    why = f": {run.detail.ended_by.splitlines()[-1]}" if run.detail.ended_by.strip() else ""
    return Doubt(
        "status",
        f"it {_ENDS[row.status]} after {format_duration(row.duration_s)}{why}",
        "`tt reproduce RUN`, or start it again and archive this one: `tt archive RUN`",
    )


_ENDS = {
    "failed": "failed",
    "killed": "was stopped",
    "crashed": "crashed",
    "pruned": "was stopped early",
}


@rule("run.unverified", "context", "-IWW", fix="automatic")
def unverified(run: RunRecord) -> Answer:
    """Only who got a run again knows that it can be had again."""
    if run.detail.proof is not None and run.detail.proof.level != "L0":
        return PASSED
    if "reproduction" in run.tags:
        return NOT_APPLICABLE
    return Doubt(
        "proof", "nobody tried to get it again", "`tt reproduce RUN --dry-run`, then without"
    )


@rule("run.record-edited", "context", "IWWE")
def record_edited(run: RunRecord) -> Answer:
    """A record that was changed by hand has to say why, and nobody may change it behind that."""
    broken = [amendment for amendment in run.amendments if not amendment.intact]
    if broken:
        field = broken[0].field
        return Doubt(
            field,
            f"the amendment of {field} was altered after it was written, so it does not count",
            f"see `tt show RUN --json` and say it anew: `tt drill RUN --set {field}=VALUE`",
        )
    # Who says a field anew, with a reason, has said why.
    newest = {amendment.field: amendment for amendment in run.amendments}
    bare = [amendment for amendment in newest.values() if not amendment.reason]
    if not bare:
        return PASSED
    field = bare[0].field
    return Doubt(
        field,
        f"{field} was changed by {bare[0].who or 'somebody'} without a reason",
        f"say it anew, and why: `tt drill RUN --set {field}=VALUE --reason TEXT`",
    )
