"""tui_tracker: log runs from a training script, look at them in the terminal."""
