"""Facts of the live machine.

What `init` records at once costs file reads only (`git.read_head`, `process`); the rest
is recorded by a helper process, so that a training script waits for none of it and no
thread of it holds the interpreter.
"""

from __future__ import annotations

import os
import sys


def watch_seeds() -> None:
    """Listen to who seeds the random generators that are loaded, if any is.

    Costs a few looks into `sys.modules` where none is.
    """
    if {"random", "numpy", "torch", "tensorflow", "jax"}.isdisjoint(sys.modules):
        return
    switches = (os.environ.get("TUI_TRACKER_CAPTURE", ""), os.environ.get("TUI_TRACKER_MODE", ""))
    if {word.lower() for word in switches}.isdisjoint(("0", "off", "no", "false", "disabled")):
        from tui_tracker.capture import seeds

        seeds.watch()
