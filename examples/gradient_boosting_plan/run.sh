#!/bin/sh
# Run the plan, see that all of it is there, audit the records, decide.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }

show tt plan run -j 2
show tt plan check
show tt audit compare_features_gbdt --fail-on 'grade<B'
show tt group --by feature_set --metrics val_rmse.last,val_r2.last
show tt decide --plan plan.toml
