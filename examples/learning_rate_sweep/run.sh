#!/bin/sh
# Train the sweep into a store of this folder, then ask who wins and why.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }

"${PYTHON:-python}" train.py
show tt ls --sort val_accuracy
show tt health
show tt decide sweep_lr_mlp "highest mean val_accuracy with std <= 2pp; tie-break by lowest val_loss"
