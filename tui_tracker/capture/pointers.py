"""Data that another tool already names by its content or version.

- DVC: a `.dvc` file beside the path, or `dvc.lock` in its folder or one above: md5 and size.
  Taken on trust while size and times agree; data that is newer is read, and compared with
  the md5, which for a folder is that of a JSON list of its files.
- git-LFS: a small file with the SHA-256 and size of the content that belongs there.
- Hugging Face: `hf://datasets/owner/name@revision`, and folders of its cache.
- Object stores and other addresses: `s3://bucket/key?versionId=...`, as given.

No tool is run and nothing is fetched.

Source: iterative/dvc-data, hashfile/tree.py (Tree.as_bytes); git-lfs, docs/spec.md.
"""

from __future__ import annotations

import hashlib
import os

from tui_tracker.capture.listing import Listing, list_folder, list_paths
from tui_tracker.capture.manifest import PathDigest, lfs_oid, md5_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_tracker.capture.data_cache import HashCache

_SLACK_NS = 2_000_000_000
"""A tool writes the data and then its pointer, or both at once."""
_MOST_UP = 12
_LARGEST = 16 << 20
_SECRET = ("sig", "token", "key", "secret", "pass", "cred", "auth")
_VERSIONS = ("versionid", "generation", "snapshot", "version", "revision", "ref", "etag")


def is_address(path: str) -> bool:
    """Return whether it is an address such as `s3://bucket/key`, and no path."""
    scheme, mark, _ = path.partition("://")
    return bool(mark) and len(scheme) > 1 and scheme.replace("+", "").isalnum()


def clean_address(text: str) -> str:
    """Return an address without user, password and signature; any other text as it is."""
    if not is_address(text):
        return text
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    path, mark, query = path.partition("?")
    kept = [part for part in query.split("&") if not _is_secret(part.partition("=")[0].lower())]
    tail = f"?{'&'.join(kept)}" if mark and kept else ""
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}{tail}"


def _is_secret(name: str) -> bool:
    return name.startswith(("x-amz-", "x-goog-")) or any(word in name for word in _SECRET)


def read_address(address: str) -> PathDigest:
    """Return what an address says by itself, without its secrets."""
    scheme, _, rest = address.partition("://")
    scheme = scheme.lower()
    rest, _, query = rest.partition("?")
    rest, _, fragment = rest.partition("#")
    rest = rest.rpartition("@")[2] if "@" in rest.partition("/")[0] else rest
    kept = [part for part in query.split("&") if part.partition("=")[0].lower() in _VERSIONS]
    if scheme == "gs" and fragment.isdigit():
        kept.append(f"generation={fragment}")
    found = PathDigest("pointer")
    shown = f"{scheme}://{rest}" + ("?" + "&".join(kept) if kept else "")
    found.pointer = {"kind": scheme, "address": shown}
    if scheme == "hf":
        return _hugging_face(found, rest)
    if kept:
        found.pointer["version"] = kept[0].partition("=")[2]
    elif scheme != "lakefs":  # its path begins with the repository and a ref
        found.reason = "an address without a version says nothing about the content"
    found.digest, found.full = shown, bool(kept)
    return found


def find_pointer(path: str, *, cache: HashCache | None = None) -> PathDigest | None:
    """Return what another tool says of the content of a path, None where none does.

    Without a digest where the content that is here is another than the tool says.
    """
    if path.endswith(".dvc") and os.path.isfile(path):
        outs = list(_dvc_items(path))
        return _from_dvc(path, outs[0], os.path.dirname(path), cache) if len(outs) == 1 else None
    for place, item in _dvc_claims(path):
        return _from_dvc(place, item, os.path.dirname(place), cache, path)
    return _snapshot(path) or _lfs(path)


def _hugging_face(found: PathDigest, rest: str) -> PathDigest:
    kind, _, name = rest.partition("/")
    if kind not in ("datasets", "models", "spaces"):
        kind, name = "models", rest
    parts = name.split("/")
    owner = "/".join(parts[:2])
    repository, _, revision = owner.partition("@")
    inside = "/".join(parts[2:])
    found.pointer |= {"kind": "huggingface", "repo": repository, "type": kind}
    if inside:
        found.pointer["path"] = inside
    if revision:
        found.pointer["revision"] = revision
    else:
        found.reason = "a repository without a revision says nothing about the content"
    below = f"/{inside}" if inside else ""
    found.digest = f"huggingface:{repository}@{revision or 'unknown'}{below}"
    found.full = bool(revision)
    return found


def _snapshot(path: str) -> PathDigest | None:
    """Return repository and revision of a path in the cache of huggingface_hub."""
    parts = os.path.abspath(path).split(os.sep)
    if "snapshots" not in parts:
        return None
    place = parts.index("snapshots")
    folder = parts[place - 1].split("--")
    if len(folder) < 2 or folder[0] not in ("datasets", "models") or len(parts) < place + 2:
        return None
    found = PathDigest("pointer")
    inside = "".join("/" + part for part in parts[place + 2 :])
    name = f"{folder[0]}/{'/'.join(folder[1:])}@{parts[place + 1]}{inside}"
    return _hugging_face(found, name) if os.path.exists(path) else None


def _lfs(path: str) -> PathDigest | None:
    try:
        if os.path.getsize(path) >= 1024 or not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            text = file.read(1024)
    except OSError:
        return None
    oid = lfs_oid(text) if text.startswith(b"version https://git-lfs") else ""
    if not oid:
        return None
    found = PathDigest("pointer")
    size = text.rpartition(b"\nsize ")[2].strip()
    found.bytes, found.files = int(size) if size.isdigit() else 0, 1
    found.digest = f"sha256:{oid}"
    found.pointer = {"kind": "git-lfs", "oid": oid, "size": found.bytes}
    found.reason = "the file is a git-LFS pointer, and its content is not here: git lfs pull"
    return found


# -- DVC


def _dvc_claims(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each file of DVC that names the path, with what it says."""
    full = os.path.abspath(path)
    for item in _dvc_items(full + ".dvc"):
        if item.get("path") == os.path.basename(full):
            yield full + ".dvc", item
    folder = os.path.dirname(full)
    for _ in range(_MOST_UP):
        lock = os.path.join(folder, "dvc.lock")
        wanted = os.path.relpath(full, folder).replace(os.sep, "/")
        for item in _dvc_items(lock):
            if item.get("path") == wanted:
                yield lock, item
        if os.path.dirname(folder) == folder or os.path.isdir(os.path.join(folder, ".dvc")):
            return
        folder = os.path.dirname(folder)


def _dvc_items(path: str) -> Iterator[dict[str, str]]:
    """Yield the entries of a `.dvc` file or `dvc.lock` that have a path and an md5.

    Both are block YAML as DVC itself writes it: a list of mappings of plain scalars.
    """
    try:
        if os.path.getsize(path) > _LARGEST:
            return
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return
    item: dict[str, str] = {}
    for line in [*lines, "- "]:
        text = line.strip()
        if text == "-" or text.startswith("- "):
            if "path" in item and "md5" in item:
                yield item
            item, text = {}, text[2:]
        name, mark, value = text.partition(":")
        if mark and name in ("md5", "path", "size", "nfiles", "hash"):
            item[name] = value.strip().strip("'\"")


def _from_dvc(
    place: str, item: dict[str, str], folder: str, cache: HashCache | None, path: str = ""
) -> PathDigest:
    """Return what DVC says of a path; without a digest where the content here is another."""
    path = path or os.path.join(folder, item["path"])
    found = PathDigest("pointer")
    found.pointer = {"kind": "dvc", "md5": item["md5"], "file": os.path.basename(place)}
    found.digest = f"dvc:md5:{item['md5']}"
    found.bytes = int(item["size"]) if item.get("size", "").isdigit() else 0
    found.files = int(item["nfiles"]) if item.get("nfiles", "").isdigit() else 1
    if not os.path.exists(path):
        found.reason = f"only {os.path.basename(place)} is here, not the content: dvc pull"
        return found
    listing = list_folder(path) if os.path.isdir(path) else list_paths([path])
    newest = max((file[4] for file in listing.files), default=0)
    fits = not found.bytes or found.bytes == listing.bytes
    if fits and newest <= os.stat(place).st_mtime_ns + _SLACK_NS:
        return found
    if fits and _md5(path, listing, cache) == item["md5"]:
        found.pointer["verified"] = True
        return found
    found.pointer["differs"] = True
    found.digest = ""
    return found


def _md5(path: str, listing: Listing, cache: HashCache | None) -> str:
    """Return the md5 by which DVC knows the content of a path."""
    found = md5_files(listing, cache)
    if not os.path.isdir(path):
        return found[0] if found else ""
    import json

    files = zip(found, listing.files, strict=True)
    entries = [{"md5": md5, "relpath": file[0].decode("utf-8", "replace")} for md5, file in files]
    entries.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(entries, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"
