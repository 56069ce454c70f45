#!/bin/sh
# See the plan, run it two at a time, and decide by the rule that it names.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }

show tt plan check
show tt plan run -j 2
show tt plan check
show tt group --by aug --metrics val_f1_macro.last,val_accuracy.last,train_time_s.last
show tt decide --plan plan.toml
