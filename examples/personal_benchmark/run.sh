#!/bin/sh
# Train all of it, decide each question, and write one page about it: summary.md.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }

"${PYTHON:-python}" train.py
show tt tree --metric val_f1_macro.last
show tt decide benchmark/sweep_alpha "highest mean val_f1_macro with stable"
show tt decide benchmark/ablation_border "highest mean val_f1_macro; baseline pixels=all"
show tt report benchmark --rule "highest mean val_f1_macro with n >= 3" --out summary.md
