"""Features made from the diabetes table, by named sets: what is tried is a param, not an edit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SETS = {
    "raw": (),
    "ratios": ("ratios",),
    "ratios_ranks": ("ratios", "ranks"),
}
"""Which steps a set adds to the columns as they come."""


def engineer(table: np.ndarray, names: Sequence[str], chosen: str) -> tuple[np.ndarray, list[str]]:
    """Return the columns of a set, and their names; no step looks at what is to be predicted."""
    columns, labels = [table], list(names)
    steps = SETS[chosen]
    if "ratios" in steps:
        bmi, pressure = (table[:, names.index(name)] for name in ("bmi", "bp"))
        columns.append(np.column_stack([bmi * pressure, bmi - pressure]))
        labels += ["bmi_x_bp", "bmi_minus_bp"]
    if "ranks" in steps:
        blood = [names.index(name) for name in names if name.startswith("s") and name != "sex"]
        order = table[:, blood].argsort(axis=1).argsort(axis=1)
        columns.append(order.astype(float))
        labels += [f"{names[at]}_rank_in_row" for at in blood]
    return np.hstack(columns), labels
