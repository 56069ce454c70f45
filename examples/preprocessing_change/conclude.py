"""Ask `tt decide` for the winner, and write the reason and the tag onto its runs.

What is written down comes from the decision, so a rerun with another outcome says so.
"""

from __future__ import annotations

import json
import subprocess

RULE = "lowest mean val_calibration_error; tie-break by highest val_auc_pr"


def main() -> None:
    words = ("tt", "decide", "compare_normalization", RULE, "--json")
    answer = subprocess.run(words, check=True, capture_output=True, text=True)
    decision = json.loads(answer.stdout)
    best, other = decision["ranking"][:2]
    error, was = best["stats"]["mean"], other["stats"]["mean"]
    winner = best["group"]["normalizer"]
    reason = (
        f"{winner} normalisation: mean calibration error {error:.4f} against {was:.4f}, "
        f"{best['n']} seeds each; {decision['lead']['certainty']} lead by the rule: {RULE}"
    )
    first, *others = decision["winner_runs"]
    more = [word for run in others for word in ("--run", run)]
    subprocess.run(("tt", "note", first, *more, reason), check=True)
    subprocess.run(("tt", "tag", first, *more, "candidate"), check=True)
    print(reason)


if __name__ == "__main__":
    main()
