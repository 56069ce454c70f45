"""Which container a process runs in, as files and variables tell.

Inside a container of cgroup version 2 the path of the group is hidden, and the id stands
only in the sources of bind mounts.

Sources: moby/moby (/.dockerenv), containers/podman (/run/.containerenv), Kubernetes
(/kubepods in the cgroup's path), apptainer and singularity (their variables), systemd
(the variable `container`).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_HEX = frozenset("0123456789abcdef")
_ID_LENGTH = 64
_IMAGES = ("TT_IMAGE", "APPTAINER_CONTAINER", "SINGULARITY_CONTAINER", "CONTAINER_IMAGE")
_DIGESTS = ("TUI_TRACKER_IMAGE_DIGEST", "TT_IMAGE_DIGEST")
_KINDS = (
    ("kubepods", "kubernetes"),
    ("libpod", "podman"),
    ("overlay-containers", "podman"),
    ("docker", "docker"),
    ("lxc", "lxc"),
    ("containerd", "containerd"),
)


def find_container(environ: Mapping[str, str], root: str = "/") -> dict[str, str]:
    """Return `kind`, `id`, `name`, `image` and `digest` as far as they are known.

    {} where nothing tells of a container. `root` is where the machine's files begin.
    """
    groups = _read(root, "proc/self/cgroup")
    mounts = _read(root, "proc/self/mountinfo")
    kind = _kind(environ, root, groups, mounts)
    if not kind:
        return {}
    found = {"kind": kind, "id": _find_id(groups) or _find_id(_mounted_by(mounts))}
    said = _podman_facts(root)
    found["name"] = environ.get("APPTAINER_NAME") or environ.get("SINGULARITY_NAME") or ""
    found["image"] = next((environ[name] for name in _IMAGES if environ.get(name)), "")
    found["digest"] = next((environ[name] for name in _DIGESTS if environ.get(name)), "")
    for key in ("id", "name", "image"):
        found[key] = found[key] or said.get(key, "")
    found["digest"] = found["digest"] or said.get("imageid", "")
    return {key: value for key, value in found.items() if value}


def _kind(environ: Mapping[str, str], root: str, groups: str, mounts: str) -> str:
    if "APPTAINER_NAME" in environ or "APPTAINER_CONTAINER" in environ:
        return "apptainer"
    if "SINGULARITY_NAME" in environ or "SINGULARITY_CONTAINER" in environ:
        return "singularity"
    if "KUBERNETES_SERVICE_HOST" in environ:
        return "kubernetes"
    for word, kind in _KINDS:
        if word in groups:
            return kind
    if os.path.exists(os.path.join(root, "run/.containerenv")):
        return "podman"
    if os.path.exists(os.path.join(root, ".dockerenv")):
        return "docker"
    inside = _mounted_by(mounts)
    return next((kind for word, kind in _KINDS if word in inside), environ.get("container", ""))


def _mounted_by(mounts: str) -> str:
    """Return the mounts that a container's engine makes: names and addresses of the host."""
    targets = (" /etc/hostname ", " /etc/hosts ", " /etc/resolv.conf ")
    lines = [line for line in mounts.splitlines() if any(target in line for target in targets)]
    return "\n".join(line for line in lines if "containers" in line or "kubelet" in line)


def _find_id(text: str) -> str:
    """Return the first part of a path that is 64 hexadecimal digits long."""
    for character in "/-.:\n ":
        text = text.replace(character, " ")
    words = (word for word in text.split() if len(word) == _ID_LENGTH)
    return next((word for word in words if _HEX.issuperset(word)), "")


def _podman_facts(root: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for line in _read(root, "run/.containerenv").splitlines():
        name, equals, value = line.partition("=")
        if equals:
            facts[name] = value.strip('"')
    return facts


def _read(root: str, path: str) -> str:
    try:
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            return file.read(1 << 18)
    except OSError:
        return ""
