"""Begins in the first Python process of a command that `tt run` started.

A copy of this file, called sitecustomize.py, is put first on PYTHONPATH. It takes itself
off again, so that neither the script nor its children see anything of it, leaves a word
about the interpreter for `tt run`, begins the observer where there is one, and hands over
to the sitecustomize that was there before. It must run on any Python 3, and nothing that
goes wrong here may be noticed.
"""

import os
import sys

_FOLDER = "TUI_TRACKER_BOOT"
_PROGRAMS = (
    "torchrun accelerate deepspeed horovodrun poetry pipenv hatch pdm rye conda mamba jupyter "
    "papermill ray nox tox".split()
)
_MODULES = ("torch.distributed.run", "torch.distributed.launch", "accelerate.commands.launch")
_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK")


def _begin():
    # type: () -> None
    # Nobody should take this for a module of the user's.
    here = os.path.dirname(os.path.abspath(globals().pop("__file__")))
    sys.path[:] = [path for path in sys.path if path != here]
    sys.path_importer_cache.pop(here, None)
    folder = os.environ.get(_FOLDER, "")
    if folder and _only_starts_another():
        return  # the script is still to come, and inherits all of this
    _clean(here)
    if folder and _is_first_rank() and _claim(folder):
        _tell(folder)
        _observe(folder)


def _clean(here):
    # type: (str) -> None
    os.environ.pop(_FOLDER, None)
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path != here]
    if any(paths):
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    else:
        os.environ.pop("PYTHONPATH", None)


def _only_starts_another():
    # type: () -> bool
    words = list(getattr(sys, "orig_argv", ()))[1:4]
    if words[:1] == ["-m"]:
        return words[1:2] != [] and (words[1] in _MODULES or words[1] in _PROGRAMS)
    return words != [] and os.path.basename(words[0]) in _PROGRAMS


def _is_first_rank():
    # type: () -> bool
    return all(os.environ.get(name, "0") in ("", "0") for name in _RANKS)


def _claim(folder):
    # type: (str) -> bool
    try:
        os.close(os.open(os.path.join(folder, "claimed"), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except OSError:
        return False  # another process was first, or `tt run` is gone
    return True


def _tell(folder):
    # type: (str) -> None
    import json

    facts = {
        "executable": sys.executable,
        "python": sys.version.split()[0],
        "prefix": sys.prefix,
        "pid": os.getpid(),
        "argv": list(getattr(sys, "orig_argv", sys.argv)),
    }
    path = os.path.join(folder, "python.json")
    with open(path + ".new", "w") as file:
        json.dump(facts, file)
    os.rename(path + ".new", path)


def _observe(folder):
    # type: (str) -> None
    with open(os.path.join(folder, "package")) as file:
        place = file.read()
    if sys.hexversion < 0x030B0000:
        return
    if not os.path.exists(os.path.join(place, "capture", "inside.py")):
        return
    if "tui_tracker" not in sys.modules:
        _import_from(place)
    from tui_tracker.capture import observer

    observer.begin(os.path.join(folder, "params.json"))


def _import_from(place):
    # type: (str) -> None
    """Import the package from its folder; the path stays as the script expects it."""
    from importlib.util import find_spec, module_from_spec, spec_from_file_location

    spec = find_spec("tui_tracker")
    if spec is None or spec.loader is None:
        spec = spec_from_file_location(
            "tui_tracker", os.path.join(place, "__init__.py"), submodule_search_locations=[place]
        )
    if spec is None or spec.loader is None:
        raise ImportError("tui_tracker")
    sys.modules["tui_tracker"] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules["tui_tracker"]
        raise


def _hand_over():
    # type: () -> None
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        if getattr(error, "name", "sitecustomize") != "sitecustomize":
            raise
    finally:
        if ours is not None:
            sys.modules.setdefault("sitecustomize", ours)


if __name__ == "sitecustomize":
    try:
        _begin()
    except Exception:  # noqa: BLE001  the script must not notice
        pass
    _hand_over()
