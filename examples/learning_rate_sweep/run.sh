#!/bin/sh
# Train the sweep into a store of this folder, then ask who wins and why.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }

"${PYTHON:-python}" train.py
show tt ls --columns name,val_accuracy.max,val_accuracy.last,val_loss.last,health,tags --sort name
show tt health "tag:diverged"
show tt decide sweep_lr_mlp "highest mean val_accuracy with std <= 2pp and stable"
