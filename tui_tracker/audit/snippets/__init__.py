"""Records that never were runs: metadata as people paste them, read loosely and judged.

A snippet has no schema. The same fact stands under `seed`, `random_state` or
`params.seed`, nested or with dots, so it is found by what keys say, wherever they stand.
"""
