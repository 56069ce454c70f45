"""Rules about artifacts: is the model kept, and can anybody tell its bytes?"""

from __future__ import annotations

import re

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, UNKNOWN, Answer, Doubt, rule
from tui_tracker.lineage.words import plural

_MODEL = re.compile(
    r"\.(pt|pth|ckpt|safetensors|onnx|pkl|joblib|h5|keras|bin|cbm|ubj|npz|gguf|pb|tflite|mlmodel)$"
    r"|(^|/)(model|best|checkpoint|weights)[^/]*$",
    re.I,
)
_PLOT = re.compile(r"\.(png|jpe?g|svg|pdf|html)$", re.I)
_TABLE = re.compile(r"(metrics|results|history|scores)[^/]*\.(csv|tsv|jsonl?|parquet)$", re.I)
_CHECKPOINT = re.compile(r"checkpoint|ckpt|epoch|step", re.I)
_LONG_S = 3600


def _made(run: RunRecord) -> list[str]:
    return [item.path for item in run.artifacts if item.kind not in ("split", "manifest", "input")]


@rule("artifacts.model-missing", "artifacts", "-EEE", fix="proposed")
def model_missing(run: RunRecord) -> Answer:
    """Without the model no score can be taken again, and nothing can be shipped."""
    kinds = {item.kind for item in run.artifacts}
    if kinds & {"model", "checkpoint"} or any(_MODEL.search(path) for path in _made(run)):
        return PASSED
    return Doubt(
        "artifacts",
        "no model file is recorded",
        '`run.log_artifact("model.pt", kind="model")`',
    )


@rule("artifacts.metrics-csv-missing", "artifacts", "-EWW", fix="automatic")
def metrics_csv_missing(run: RunRecord) -> Answer:
    """The numbers have to be had without any tool; the store exports them at any time."""
    if run.metrics or any(_TABLE.search(path) for path in _made(run)):
        return PASSED
    return Doubt(
        "artifacts",
        "there are neither points of a metric nor a table of them",
        "log metrics with `run.log`; `tt curve RUN METRIC --csv` exports them",
    )


@rule("artifacts.plots-missing", "artifacts", "-WWI", fix="automatic")
def plots_missing(run: RunRecord) -> Answer:
    """A curve says at a glance what a table hides; it is drawn from the points at any time."""
    curves = any(metric.count > 1 for metric in run.metrics.values())
    if curves or any(_PLOT.search(path) for path in _made(run)):
        return PASSED
    return Doubt(
        "artifacts",
        "there is no plot, and no metric with points to draw one of",
        'log metrics once an epoch, or the plot: `run.log_artifact("confusion_matrix.png")`',
    )


@rule("artifacts.intermediate-missing", "artifacts", "-IIW")
def intermediate_missing(run: RunRecord) -> Answer:
    """A long training that keeps only its end cannot be looked into or resumed."""
    if run.detail.row.duration_s < _LONG_S:
        return NOT_APPLICABLE
    kept = [item for item in run.artifacts if _CHECKPOINT.search(item.path + item.kind)]
    if kept:
        return PASSED
    return Doubt(
        "artifacts",
        "it trained for more than an hour and kept no checkpoint",
        '`run.log_artifact("step-1000.pt", kind="checkpoint")` now and then',
    )


@rule("artifacts.unhashed", "artifacts", "IWEE", fix="automatic")
def unhashed(run: RunRecord) -> Answer:
    """A file without a hash may have been exchanged."""
    if not run.artifacts:
        return NOT_APPLICABLE
    bare = [item for item in run.artifacts if not item.sha256]
    if not bare:
        return PASSED
    if run.detail.row.status == "running":
        return UNKNOWN
    why = f" ({bare[0].problem})" if bare[0].problem else ""
    return Doubt(
        f"artifacts.{bare[0].path}",
        f"{plural(len(bare), 'file')} {'has' if len(bare) == 1 else 'have'} no hash, such as "
        f"`{bare[0].path}`{why}",
        "log the file itself while it is there: `run.log_artifact(PATH)`",
    )


@rule("artifacts.lost-or-modified", "artifacts", "WEEE", fix="proposed")
def lost_or_modified(run: RunRecord) -> Answer:
    """A file that was only named, and that could not be read, is not kept by anybody.

    A deep look also tells of files that are gone or differ by now.
    """
    if not run.artifacts:
        return NOT_APPLICABLE
    for path, (mark, why) in (run.seen.artifacts if run.seen is not None else {}).items():
        gone = "is lost" if mark == "missing" else "was changed after the run"
        return Doubt(
            f"artifacts.{path}",
            f"`{path}` {gone}: {why}",
            "bring it back from a bundle (`tt unbundle FILE`), or make it anew: `tt reproduce RUN`",
        )
    lost = [item for item in run.artifacts if item.problem and not item.copied]
    if not lost:
        return PASSED
    return Doubt(
        f"artifacts.{lost[0].path}",
        f"`{lost[0].path}` is not kept: {lost[0].problem}",
        "log it again while it is there; `tt lineage RUN --deep` looks at all files",
    )


@rule("artifacts.unknown-producer", "artifacts", "-WWE", fix="proposed")
def unknown_producer(run: RunRecord) -> Answer:
    """A model that was started from is part of the lineage: who made it?"""
    used = [item for item in run.artifacts if item.kind == "input"]
    if not used:
        return NOT_APPLICABLE
    if run.detail.parent or run.tag("from") or run.fact("origin", "parent"):
        return PASSED
    return Doubt(
        f"artifacts.{used[0].path}",
        f"which run made `{used[0].path}` is not recorded",
        "name it: `tt.init(parent=RUN)`, or tag where it came from: `tt tag RUN from:URL`",
    )
