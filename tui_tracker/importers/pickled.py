"""What a pickle in a file says, as inert data: its opcodes are read, and nothing in it is ever run.

The parts of what is returned may be shared, and may hold themselves: whoever walks them
needs a bound of their own. See `pickle_machine` for what becomes of what. A file is one of

    a zip with `<name>/data.pkl` in it (torch.save since 1.6)
    a row of pickles (torch.save before): a magic number, a version, facts of the machine, the
        object
    a pickle

Source: pytorch/pytorch, torch/serialization.py. Checked with torch 2.13, both forms.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

from tui_tracker.importers.pickle_machine import Machine
from tui_tracker.importers.regular import open_regular

MAX_BYTES = 4 << 20
"""Of a file, and of the pickle in it; arguments of a training have some thousands."""
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_OBJECT = 3
"""How many pickles stand before the object that an old torch.save wrote."""
_DATA = "data.pkl"
_PLAIN_ZIP = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def read_pickled(path: Path) -> tuple[object, str]:
    """Return what the pickle in a file says, and what is wrong with it, "" if nothing is.

    Of a pickle that is damaged in the middle it is what was said up to there.

    Raises:
        ValueError: there is no pickle in it, or it is too large.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES >> 20} MiB")
    if content.startswith(b"PK"):
        content = _unzipped(content)
    return parse_pickled(content)


def parse_pickled(content: bytes) -> tuple[object, str]:
    """Return what a pickle says, and what is wrong with it; of a row of pickles the object.

    Raises:
        ValueError: there is no pickle.
    """
    file = BytesIO(content)
    machine = Machine()
    value, problem = machine.run(file)
    if value == _TORCH_MAGIC and type(value) is int:
        for _ in range(_TORCH_OBJECT):
            value, problem = machine.run(file)
    return value, problem


def _unzipped(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for one in archive.infolist():
                if one.filename.rpartition("/")[2] == _DATA:
                    return _member(archive, one)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError) as error:
        raise ValueError(f"is a damaged zip: {error}") from error
    except (NotImplementedError, RuntimeError, OverflowError) as error:
        raise ValueError(f"is a zip of an unknown kind: {error}") from error
    raise ValueError(f"is a zip without {_DATA}")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type not in _PLAIN_ZIP or member.flag_bits & _ENCRYPTED:
        raise ValueError(f"is a zip whose {_DATA} is packed in an unknown way")
    with archive.open(member) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"has a {_DATA} larger than {MAX_BYTES >> 20} MiB")
    return content
