"""How busy graphics cards are: NVIDIA's through its own library, AMD's through their files.

`libnvidia-ml` comes with the driver and is called through ctypes, so that nothing needs to
be installed and no process is started. It is loaded only where the driver is there. Cards
that CUDA_VISIBLE_DEVICES hides from the training are left out.

Sources: nvml.h (NVIDIA), Documentation/gpu/amdgpu/thermal.rst (Linux kernel).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, Protocol

    class Cards(Protocol):
        """Cards that can be asked."""

        def sample(self) -> Iterator[tuple[str, float]]:
            """Yield name and value of all that can be told now."""


_LIBRARIES = ("libnvidia-ml.so.1", "libnvidia-ml.so")
_MOST_CARDS = 16


def find_cards(root: str, environ: Mapping[str, str]) -> Cards | None:
    """Return the machine's cards, None where it has none that tell anything."""
    if os.path.exists(os.path.join(root, "dev/nvidiactl")):
        library = _load()
        if library is not None and (cards := open_nvml(library, environ)) is not None:
            return cards
    folders = amd_folders(root)
    return AmdCards(folders) if folders else None


def _load() -> Any:
    import ctypes

    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def open_nvml(library: Any, environ: Mapping[str, str]) -> NvidiaCards | None:
    """Return the cards that a loaded `libnvidia-ml` knows; None where it refuses."""
    import ctypes

    try:
        if library.nvmlInit_v2():
            return None
        count = ctypes.c_uint()
        if library.nvmlDeviceGetCount_v2(ctypes.byref(count)):
            return None
        handles = []
        for index in range(min(count.value, _MOST_CARDS)):
            handle = ctypes.c_void_p()
            if not library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)):
                handles.append((index, handle))
        seen = [(i, h) for i, h in handles if is_visible(i, _uuid(library, h), environ)]
    except (AttributeError, OSError, ValueError):
        return None  # a library too old for these functions
    return NvidiaCards(library, seen) if seen else None


def _uuid(library: Any, handle: Any) -> str:
    import ctypes

    text = ctypes.create_string_buffer(96)
    if library.nvmlDeviceGetUUID(handle, text, 96):
        return ""
    return text.value.decode("ascii", "replace")


def is_visible(index: int, uuid: str, environ: Mapping[str, str]) -> bool:
    """Return whether CUDA_VISIBLE_DEVICES lets the training see a card."""
    said = environ.get("CUDA_VISIBLE_DEVICES")
    if said is None:
        return True
    for word in (word.strip() for word in said.split(",")):
        if word == str(index) or (word.startswith("GPU-") and uuid.startswith(word)):
            return True
        if word.startswith("MIG-"):
            return True  # a part of a card that only the driver can match
    return False


class NvidiaCards:
    """Cards that are asked through `libnvidia-ml`."""

    def __init__(self, library: Any, handles: Sequence[tuple[int, Any]]) -> None:
        import ctypes

        class Use(ctypes.Structure):
            _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]

        class Memory(ctypes.Structure):
            _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]

        self._library, self._handles = library, handles
        self._use, self._memory, self._number = Use(), Memory(), ctypes.c_uint()
        self._by = ctypes.byref

    def sample(self) -> Iterator[tuple[str, float]]:
        """Yield name and value of all that the cards tell now."""
        ask, by = self._library, self._by
        for index, handle in self._handles:
            name = f"gpu{index}"
            if not ask.nvmlDeviceGetUtilizationRates(handle, by(self._use)):
                yield name, float(self._use.gpu)
            if not ask.nvmlDeviceGetMemoryInfo(handle, by(self._memory)):
                yield f"{name}_memory", round(self._memory.used / 1e9, 3)
            if not ask.nvmlDeviceGetTemperature(handle, 0, by(self._number)):
                yield f"{name}_temperature", float(self._number.value)
            if not ask.nvmlDeviceGetPowerUsage(handle, by(self._number)):
                yield f"{name}_power", round(self._number.value / 1000, 1)


class AmdCards:
    """Cards whose driver tells through files."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders

    def sample(self) -> Iterator[tuple[str, float]]:
        """Yield name and value of all that the cards tell now."""
        for index, folder in enumerate(self._folders):
            name, monitor = f"gpu{index}", _monitor(folder)
            for what, path, scale in (
                (name, os.path.join(folder, "gpu_busy_percent"), 1.0),
                (f"{name}_memory", os.path.join(folder, "mem_info_vram_used"), 1e9),
                (f"{name}_temperature", os.path.join(monitor, "temp1_input"), 1e3),
                (f"{name}_power", os.path.join(monitor, "power1_average"), 1e6),
            ):
                try:
                    with open(path, "rb") as file:
                        yield what, round(int(file.read(64)) / scale, 3)
                except (OSError, ValueError):
                    continue


def amd_folders(root: str) -> list[str]:
    """Return the folders of the cards that the amdgpu driver tells of."""
    top = os.path.join(root, "sys/class/drm")
    try:
        names = [name for name in os.listdir(top) if name.startswith("card") and "-" not in name]
    except OSError:
        return []
    folders = [os.path.join(top, name, "device") for name in sorted(names)]
    return [f for f in folders if os.path.exists(os.path.join(f, "gpu_busy_percent"))]


def _monitor(folder: str) -> str:
    place = os.path.join(folder, "hwmon")
    try:
        names = sorted(os.listdir(place))
    except OSError:
        names = []
    return os.path.join(place, names[0]) if names else place
