"""Who wins among groups of runs, and why: the rule, its meaning, its record."""
