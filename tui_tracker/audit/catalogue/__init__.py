"""The rules, a file an area; importing this declares them all, in this order."""

from importlib import import_module

AREAS = ("code", "params", "data", "seeds", "metrics", "artifacts", "environment", "context")

for _area in AREAS:
    import_module(f"{__name__}.{_area}")
