"""What an experiment was meant to contain, and what is still missing.

A plan is a TOML file that is written before anything runs; what came of it is read from
the store at any time, so a plan can be checked, continued after a crash, and reported on.
"""
