"""Plans to begin with: a sweep, an ablation, a preprocessing change, a comparison."""

from __future__ import annotations

from tui_tracker.errors import InvalidArgument

_SHARED = """
[metrics]
primary = "{primary}"
secondary = [{secondary}]

[data]
name = "digits"                # as the script declares it: run.log_data("digits", ...)
# version = "v2025-05-01"      # so that every run uses one

[budget]
runs = {runs}
"""

_HEADS = {
    "sweep": """experiment = "sweep_lr_mlp"
purpose = "sweep"
question = "Which learning rate is best for this model?"
tags = ["purpose:sweep"]
command = "python train.py --lr {{learning_rate}} --seed {{seed}}"
artifacts = []
rule = "highest mean val_accuracy with std <= 1pp; tie-break by lowest val_loss"

[params]

[grid]
learning_rate = [1e-4, 3e-4, 1e-3, 1e-1]

[seeds]
values = [0, 1, 2]
""",
    "ablation": """experiment = "ablation_color_features"
purpose = "ablation"
question = "What do the color features contribute?"
tags = ["purpose:ablation"]
command = "python train.py --features {{feature_set}} --seed {{seed}}"
artifacts = ["confusion_matrix.*"]
# Keep the features where the mean falls by more than 1.5 points without them.
rule = "highest mean val_f1_macro; tie-break by feature_count within 1.5pp"

[params]

[grid]
feature_set = ["all", "no_color"]

[seeds]
values = [0, 1, 2]
""",
    "preprocessing": """experiment = "compare_normalization"
purpose = "compare"
question = "Does global normalization calibrate better than per-feature?"
tags = ["purpose:compare", "area:data"]
command = "python train.py --normalizer {{normalizer}} --seed {{seed}}"
artifacts = ["calibration_plot.*", "model.*"]
rule = "lowest mean val_calibration_error; tie-break by highest val_auprc"

[params]
model = "logreg"

[grid]
normalizer = ["per_feature", "global"]

[seeds]
values = [0, 1, 2]
""",
    "augmentation": """experiment = "compare_augmentation_v1"
purpose = "compare"
question = "Which of three augmentations helps most?"
tags = ["purpose:compare"]
command = "python train.py --aug {{aug}} --seed {{seed}}"
artifacts = ["confusion_matrix.*", "loss_curve.*", "best_model.*"]
rule = "highest mean val_f1_macro with std <= 0.5pp; tie-break by val_accuracy"

[params]

[grid]
aug = ["flip", "shift", "noise"]

[seeds]
values = [0, 1, 2]
""",
}
_METRICS = {
    "sweep": ("val_accuracy", '"val_loss"', 12),
    "ablation": ("val_f1_macro", '"feature_count"', 6),
    "preprocessing": ("val_calibration_error", '"val_auprc"', 6),
    "augmentation": ("val_f1_macro", '"val_accuracy", "train_time_s"', 9),
}
TEMPLATES = tuple(_HEADS)


def template(kind: str) -> str:
    """Return the text of a plan to begin with.

    Raises:
        InvalidArgument: there is no template of that name.
    """
    if kind not in _HEADS:
        raise InvalidArgument(f"there is no plan {kind!r}: use {', '.join(TEMPLATES)}")
    primary, secondary, runs = _METRICS[kind]
    tail = _SHARED.format(primary=primary, secondary=secondary, runs=runs)
    return _HEADS[kind].replace("{{", "{").replace("}}", "}") + tail
