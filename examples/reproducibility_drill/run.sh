#!/bin/sh
# A claim that nobody can match: what its record lacks, why, and the claim put right.
set -e
cd "$(dirname "$0")"
export TUI_TRACKER_STORE="$PWD/.tui_tracker"
show() { printf '\n$ %s\n' "$*"; "$@" || printf '(exit code %s)\n' "$?"; }
PYTHON="${PYTHON:-python}"

echo "1. What does the pasted record leave open?"
show tt audit --record claimed_record.json

echo; echo "2. Try to match it: three times the same command."
for try in 1 2 3; do "$PYTHON" train.py; done
show tt audit drill_claim
# Does anything that is still there tell what the record does not?
if tt drill --help >/dev/null 2>&1; then
    show tt drill drill_claim </dev/null
fi

echo; echo "3. Why? The split is drawn anew each time: try forty of them."
"$PYTHON" hunt.py

echo; echo "4. The same question, with everything on record."
for seed in 0 1 2; do "$PYTHON" train.py --split-seed 0 --seed "$seed"; done
show tt audit baseline_auc_folds
show tt reproduce seed=0 --env current --offline

echo; echo "5. The record that should have been sent."
"$PYTHON" corrected.py
show tt audit --record corrected_record.json
