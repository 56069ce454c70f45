#!/bin/sh
# Run the plan, show what of it is there, decide by its rule, write table.csv.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }

show tt plan run -j 2
show tt plan check
show tt group --by feature_set --metrics val_f1_macro.last
show tt decide --plan plan.toml
"${PYTHON:-python}" table.py
