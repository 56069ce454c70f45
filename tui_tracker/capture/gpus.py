"""Graphics cards, their driver, and the toolkits beside them.

Asked of the vendors' own tools, each under a limit of two seconds: a card that sleeps may
take longer to wake, and then the driver's files at least name it.

Sources: nvidia-smi --help-query-gpu, /proc/driver/nvidia (NVIDIA driver README),
rocm-smi --help, version.json of the CUDA toolkit.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

_LIMIT_S = 2.0
_FIELDS = {
    "name": "name",
    "memory.total": "memory",
    "driver_version": "driver",
    "uuid": "uuid",
    "compute_cap": "compute_cap",
    "mig.mode.current": "mig",
    "ecc.mode.current": "ecc",
}
_OLD_FIELDS = ("name", "memory.total", "driver_version", "uuid")
"""What tools of before 2021 know too."""
_NOTHING = frozenset(("", "[n/a]", "n/a", "[not supported]", "[unknown error]"))

Gpu = dict[str, object]


def capture_gpus(root: str = "/") -> tuple[dict[str, object], str]:
    """Return `gpus` and `cuda`, and why that may not be all."""
    found, reasons = _nvidia(root)
    others, reason = _amd()
    reasons += [reason] if reason else []
    facts: dict[str, object] = {"gpus": [*found, *others]} if found or others else {}
    if toolkit := toolkit_facts(root, os.environ):
        facts["cuda"] = toolkit
    return facts, "; ".join(reasons)


def toolkit_facts(root: str, environ: Mapping[str, str]) -> dict[str, object]:
    """Return versions of CUDA's toolkit, of cuDNN, and of what torch was built with."""
    facts: dict[str, object] = {}
    homes = [
        environ.get("CUDA_HOME"),
        environ.get("CUDA_PATH"),
        os.path.join(root, "usr/local/cuda"),
    ]
    for home in homes:
        if home and (version := _toolkit_version(Path(home))):
            facts["toolkit"] = version
            break
    if cudnn := _cudnn_version(_text(Path(root, "usr/include/cudnn_version.h"))):
        facts["cudnn"] = cudnn
    if torch := _torch_build():
        facts["torch"] = torch
    return facts


def _nvidia(root: str) -> tuple[list[Gpu], list[str]]:
    if shutil.which("nvidia-smi") is None:
        return _by_driver_files(root), []
    problem = ""
    for fields in (tuple(_FIELDS), _OLD_FIELDS):
        query = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader"]
        output, problem = _ask(query)
        if not problem:
            return [_nvidia_card(row, fields) for row in _rows(output)], []
        if "exited" not in problem:
            break  # it hangs, and would again
    return _by_driver_files(root), [problem]


def _rows(output: str) -> list[list[str]]:
    return [row for row in csv.reader(output.splitlines(), skipinitialspace=True) if row]


def _nvidia_card(row: Sequence[str], fields: Sequence[str]) -> Gpu:
    card: Gpu = {}
    for field, value in zip(fields, row, strict=False):
        text = value.strip()
        if text.lower() not in _NOTHING:
            card[_FIELDS[field]] = _anonymous(text) if field == "uuid" else text
    return card


def _by_driver_files(root: str) -> list[Gpu]:
    """Return the cards that the driver's own files name."""
    driver = ""
    for word in _text(Path(root, "proc/driver/nvidia/version")).split():
        if word[:1].isdigit() and word.count(".") >= 1:
            driver = word
            break
    cards: list[Gpu] = []
    for path in sorted(Path(root, "proc/driver/nvidia/gpus").glob("*/information")):
        lines = (line.partition(":") for line in _text(path).splitlines())
        said = {name.strip(): value.strip() for name, _, value in lines}
        card: Gpu = {"name": said.get("Model", ""), "driver": driver}
        if uuid := said.get("GPU UUID", ""):
            card["uuid"] = _anonymous(uuid)
        cards.append({key: value for key, value in card.items() if value})
    return cards


def _amd() -> tuple[list[Gpu], str]:
    if shutil.which("rocm-smi") is None:
        return [], ""
    what = ["--showproductname", "--showmeminfo", "vram", "--showdriverversion", "--showuniqueid"]
    output, problem = _ask(["rocm-smi", *what, "--json"])
    if problem:
        return [], problem
    try:
        said = json.loads(output)
        system = {str(k).lower(): v for k, v in said.pop("system", {}).items()}
        cards = [_amd_card(said[name], system) for name in sorted(said)]
    except (ValueError, AttributeError, TypeError):
        return [], "rocm-smi gave no JSON that can be read"
    return cards, ""


def _amd_card(said: Mapping[str, object], system: Mapping[str, object]) -> Gpu:
    facts = {name.lower(): value for name, value in said.items()}
    memory = str(facts.get("vram total memory (b)", ""))
    card: Gpu = {
        "name": facts.get("card series") or facts.get("card model") or "",
        "memory": f"{int(memory) >> 20} MiB" if memory.isdecimal() else "",
        "driver": system.get("driver version", ""),
        "compute_cap": facts.get("gfx version", ""),
    }
    if unique := facts.get("unique id"):
        card["uuid"] = _anonymous(str(unique))
    return {key: value for key, value in card.items() if value}


def _ask(command: list[str]) -> tuple[str, str]:
    """Return what a tool printed, and why it did not."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return "", f"{command[0]} did not answer within {_LIMIT_S:.0f} s"
    except OSError as error:
        return "", f"{command[0]} cannot be run ({error.strerror})"
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        return "", f"{command[0]} exited with {done.returncode}: {said[-1] if said else ''}"[:300]
    return done.stdout, ""


def _toolkit_version(home: Path) -> str:
    try:
        said = json.loads(_text(home / "version.json") or "{}")
        return str(said["cuda"]["version"])
    except (ValueError, KeyError, TypeError):
        text = _text(home / "version.txt")
        return text.removeprefix("CUDA Version").strip()


def _cudnn_version(header: str) -> str:
    parts = {}
    for line in header.splitlines():
        words = line.split()
        if words[:1] == ["#define"] and len(words) == 3:
            parts[words[1]] = words[2]
    names = ("CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL")
    return ".".join(parts[name] for name in names if name in parts)


def _torch_build() -> dict[str, str]:
    """Return what torch's own file says; importing torch takes seconds."""
    spec = find_spec("torch")
    if spec is None or not spec.origin:
        return {}
    found = {}
    for line in _text(Path(spec.origin).with_name("version.py")).splitlines():
        name, equals, value = line.partition("=")
        name, value = name.partition(":")[0].strip(), value.strip().strip("'\"")
        if equals and name in ("__version__", "cuda", "hip") and value != "None":
            found[name.strip("_")] = value
    return found


def _anonymous(uuid: str) -> str:
    """Return what tells cards apart without telling which they are."""
    return f"sha256:{sha256(uuid.encode()).hexdigest()[:16]}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
