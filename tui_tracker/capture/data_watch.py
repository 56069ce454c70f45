"""Whether declared files were rewritten while the run was active: a look at their times at the end.

Of a data set at most 2,000 files are looked at, spread over all of it, one `stat` each. One
whose times alone differ is hashed where it is small, because touching is no rewriting.
"""

from __future__ import annotations

import os

from tui_tracker.capture.listing import as_file
from tui_tracker.capture.manifest import digest_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.capture.listing import File, Listing
    from tui_tracker.capture.manifest import PathDigest

MOST_FILES = 2_000
_SMALL = 16 << 20
_MOST_TOLD = 20


class Watch:
    """The files of one data set as they were when they were hashed."""

    def __init__(self, listing: Listing, digests: dict[bytes, str]) -> None:
        step = -(-len(listing.files) // MOST_FILES) or 1
        self._listing = listing
        self._files: list[File] = listing.files[::step]
        self._digests = digests
        # A listing of millions is not kept until the end.
        listing.files, listing.odd = [], []

    def changed(self) -> list[str]:
        """Return the files that are others now, twenty at most.

        One that is gone was not rewritten: whoever waited for the hashes may remove the files.
        """
        found = []
        for file in self._files:
            if self._is_other(file):
                found.append(file[0].decode("utf-8", "backslashreplace"))
                if len(found) == _MOST_TOLD:
                    break
        return found

    def _is_other(self, file: File) -> bool:
        path = self._listing.path(file)
        try:
            now = as_file(file[0], os.stat(path))
        except OSError:
            return False
        if now == file:
            return False
        known = self._digests.get(file[0], "")
        if now[3] != file[3] or not known.startswith("sha256:") or now[3] > _SMALL:
            # Links and modes change a file's change time alone, and its bytes stay.
            return now[3:5] != file[3:5]
        return digest_path(path).digest != known


def watch(found: PathDigest, manifest: bytes) -> Watch | None:
    """Return what looks at these files again; None where there are none."""
    listing = found.listing
    if listing is None or not listing.files:
        return None
    if len(listing.files) == 1 and not manifest:
        return Watch(listing, {listing.files[0][0]: found.digest})
    digests = {}
    if len(listing.files) <= MOST_FILES:
        for line in manifest.split(b"\n"):
            name, _, rest = line.partition(b"\0")
            digests[name] = rest.rpartition(b"\0")[2].decode("ascii", "replace")
    return Watch(listing, digests)
