"""Which doubts a record leaves about getting its run again: rules, findings, a score.

An audit reads what is recorded and nothing else: no disk, no network. What could not be
captured is a doubt of its own and never counts as passed.
"""
