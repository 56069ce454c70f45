"""Whether this process runs a notebook, and which file that is, as its front end says.

Jupyter names the file since jupyter_server 2, VS Code in a variable of the notebook's own.
Elsewhere (Colab, a console) the file is not known, and its cells are all there is.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find_shell() -> Any:
    """Return the IPython shell of this process, None where there is none."""
    module = sys.modules.get("IPython.core.interactiveshell")
    shell = getattr(module, "InteractiveShell", None)
    if shell is None or not shell.initialized():
        return None
    return shell.instance()


def find() -> str:
    """Return the notebook's file, "" where nobody told it."""
    shell = find_shell()
    told = shell.user_ns.get("__vsc_ipynb_file__") if shell is not None else None
    for path in (told, os.environ.get("JPY_SESSION_NAME")):
        if isinstance(path, str) and path.endswith(".ipynb") and os.path.isfile(path):
            return os.path.abspath(path)
    return ""
