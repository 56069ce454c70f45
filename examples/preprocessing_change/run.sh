#!/bin/sh
# Train both normalisations, decide, and note the reason on the winner's runs.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }

"${PYTHON:-python}" train.py
show tt group --by normalizer --metrics val_calibration_error.last,val_auc_pr.last
show tt decide compare_normalization \
  "lowest mean val_calibration_error; tie-break by highest val_auc_pr"
echo
"${PYTHON:-python}" conclude.py
show tt ls "tag:candidate"
