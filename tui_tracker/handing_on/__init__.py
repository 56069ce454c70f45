"""Runs in the forms that other programs read: tables, event files, other trackers' stores.

A target takes what it can hold; what it cannot is counted and told, never dropped in
silence (`losses`). Runs are read some at a time and points block by block, so that a
store of any size goes through little memory. What looks like a secret is hidden on the
way out (`secrets`), names that a target forbids are written so that they can be read
back (`spelling`), and nothing stands under its name before it is whole (`places`).

The JSON lines of `lines_writing` hold all of a run; `lines_reading` brings them back.
"""
