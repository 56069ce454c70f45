"""What a run and its machine are busy with: processor, memory, disk, network, graphics cards.

Sampled by the thread that drains a run, from files of the kernel alone: no subprocess, no
package, a tenth of a millisecond a sample. Numbers are of the process and all that it
started, or of the machine; where a container or a job has limits of its own, of those.

    cpu              % of one core, of the process tree (250 is two and a half cores busy)
    memory           GB resident, of the process tree; shared pages count in each process
    machine_cpu      % of all cores, or of the cores that the cgroup may use
    machine_memory   % of the memory, or of what the cgroup may use
    load             processes that want to run, mean of the last minute
    disk             % of the store's disk that is taken
    network          MB/s in and out, of all interfaces but loopback
    gpu0 ...         % busy; gpu0_memory in GB, gpu0_temperature in °C, gpu0_power in W

What cannot be read is left out. Sources: proc(5), cgroup-v2.rst and cgroup-v1/memory.rst of
the Linux kernel.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tui_tracker.capture.gpu_samples import Cards

FIRST_S, USUAL_S, LONGEST_S = 2.0, 10.0, 60.0
LONG_RUN = 1000
"""Samples of a run after which they become rarer: a run of a day has 3,000, a month 45,000."""
UNITS = {
    "cpu": "%",
    "memory": "GB",
    "machine_cpu": "%",
    "machine_memory": "%",
    "load": "",
    "disk": "%",
    "network": "MB/s",
}
_CARD_UNITS = {"": "%", "memory": "GB", "temperature": "°C", "power": "W"}
_MOST_PROCESSES = 64
_MOST_THREADS = 8
"""With more threads, children of other threads than the first are looked for now and then."""
_ALL_THREADS_EVERY = 6
_GROUPS_UP = 6
_NO_LIMIT = 1 << 60


def unit_of(label: str) -> str:
    """Return the unit of a system metric, "" where it has none."""
    name = label.rpartition("/")[2].partition("@")[0]
    if name in UNITS:
        return UNITS[name]
    card, _, what = name.partition("_")
    return _CARD_UNITS.get(what, "") if card.startswith("gpu") else ""


def place_of(label: str) -> tuple[int, str]:
    """Return what system metrics are sorted by: what limits a training first, cards apart."""
    name = label.rpartition("/")[2].partition("@")[0]
    known = list(UNITS)
    before_cards = 4
    if name in UNITS:
        at = known.index(name)
        return (at if at < before_cards else at + 1), label
    return before_cards if name.startswith("gpu") else len(known) + 1, label


class Sampler:
    """Takes a sample when one is due; used by one thread, never raises."""

    def __init__(
        self,
        folder: str,
        *,
        machine: bool = True,
        root: str = "/",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """`machine=False` leaves the machine out: another process of the launch tells of it."""
        self._folder, self._machine, self._root = folder, machine, root
        self._environ = environ
        self._began = self._at = time.monotonic()
        self._due = self._began + FIRST_S
        self._taken = 0
        self._memory = self._processor = ("", 0.0)
        self._counters = {"cpu": (self._began, _own_seconds())}
        self._cards: Cards | None = None
        self._page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
        self._tick = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

    def due(self, now: float | None = None) -> dict[str, float]:
        """Return a sample by name, {} while none is due; `now` is monotonic."""
        now = time.monotonic() if now is None else now
        if now < self._due:
            return {}
        elapsed = now - self._began
        usual = min(max(elapsed, FIRST_S + 1), USUAL_S)
        self._due = now + max(usual, min(elapsed / LONG_RUN, LONGEST_S))
        return self.sample(now)

    def sample(self, now: float) -> dict[str, float]:
        """Return what can be told now; rates are since the sample before."""
        if not self._taken:
            self._begin()
        self._at = now
        found: dict[str, float] = dict(self._of_process())
        if self._machine:
            for part in (self._of_processors, self._of_memory, self._of_disk, self._of_cards):
                try:
                    found.update(part())
                except (OSError, ValueError, IndexError, ArithmeticError):
                    continue  # a kernel, or a sandbox, that does not tell
        self._taken += 1
        return found

    def _begin(self) -> None:
        if not self._machine:
            return
        self._memory = find_limit(self._root, "memory")
        self._processor = find_limit(self._root, "cpu")
        from tui_tracker.capture.gpu_samples import find_cards

        self._cards = find_cards(self._root, self._environ)

    def _rate(self, name: str, value: float) -> Iterator[float]:
        """Yield how fast a counter grew since the sample before; nothing the first time."""
        before = self._counters.get(name)
        self._counters[name] = (self._at, value)
        if before is not None and self._at > before[0] and value >= before[1]:
            yield (value - before[1]) / (self._at - before[0])

    # The process and its children.

    def _of_process(self) -> Iterator[tuple[str, float]]:
        seconds, pages = _own_seconds(), 0
        try:
            pages = int(self._read("proc/self/statm").split()[1])
            for more, resident in self._of_children():
                seconds += more
                pages += resident
        except (OSError, ValueError, IndexError):
            pass  # no Linux: what `times` says is told all the same
        for rate in self._rate("cpu", seconds):
            yield "cpu", round(100 * rate, 1)
        if pages:
            yield "memory", round(pages * self._page / 1e9, 4)

    def _of_children(self) -> Iterator[tuple[float, int]]:
        """Yield seconds and pages of each process that this one started, and of theirs."""
        waiting = self._children_of(os.getpid(), all_threads=True)
        seen: set[int] = set()
        while waiting and len(seen) < _MOST_PROCESSES:
            pid = waiting.pop()
            if pid in seen:
                continue
            seen.add(pid)
            try:
                # The name may have blanks and brackets; what follows its last one has none.
                fields = self._read(f"proc/{pid}/stat").rpartition(")")[2].split()
                ticks = sum(map(int, fields[11:15]))
                yield ticks / self._tick, int(fields[21])
                waiting += self._children_of(pid, all_threads=False)
            except (OSError, ValueError, IndexError):
                continue  # it ended meanwhile

    def _children_of(self, pid: int, *, all_threads: bool) -> list[int]:
        threads = [str(pid)]
        if all_threads:
            found = os.listdir(os.path.join(self._root, f"proc/{pid}/task"))
            if len(found) <= _MOST_THREADS or self._taken % _ALL_THREADS_EVERY == 0:
                threads = found
        children: list[int] = []
        for thread in threads:
            try:
                said = self._read(f"proc/{pid}/task/{thread}/children")
            except OSError:
                continue  # a thread that ended, or a kernel without this file
            children += map(int, said.split())
        return children

    # The machine.

    def _of_processors(self) -> Iterator[tuple[str, float]]:
        yield "load", round(os.getloadavg()[0], 2)
        place, cores = self._processor
        if place:
            for rate in self._rate("group", _used_seconds(place)):
                yield "machine_cpu", round(min(100.0, 100 * rate / cores), 1)
            return
        words = self._read("proc/stat", 512).split("\n", 1)[0].split()[1:9]
        times = list(map(int, words))
        total, idle = sum(times), times[3] + times[4]
        before = self._counters.get("stat")
        self._counters["stat"] = (total, idle)
        if before is not None and total > before[0]:
            share = 1 - (idle - before[1]) / (total - before[0])
            yield "machine_cpu", round(100 * max(0.0, share), 1)

    def _of_memory(self) -> Iterator[tuple[str, float]]:
        place, limit = self._memory
        if place:
            used = max(0.0, _number(place, _USED) - _reclaimable(place))
            yield "machine_memory", round(100 * used / limit, 1)
            return
        said: dict[str, int] = {}
        for line in self._read("proc/meminfo", 512).splitlines():
            name, _, rest = line.partition(":")
            if rest.endswith("kB"):
                said[name] = int(rest.split()[0])
        if "MemAvailable" in said and said.get("MemTotal"):
            free = said["MemAvailable"] / said["MemTotal"]
            yield "machine_memory", round(100 * (1 - free), 1)

    def _of_disk(self) -> Iterator[tuple[str, float]]:
        disk = os.statvfs(self._folder)
        used = disk.f_blocks - disk.f_bfree
        if used + disk.f_bavail > 0:
            yield "disk", round(100 * used / (used + disk.f_bavail), 1)
        moved = 0
        for line in self._read("proc/net/dev", 1 << 16).splitlines()[2:]:
            name, _, counts = line.partition(":")
            if name.strip() != "lo":
                fields = counts.split()
                moved += int(fields[0]) + int(fields[8])
        for rate in self._rate("network", moved):
            yield "network", round(rate / 1e6, 3)

    def _of_cards(self) -> Iterator[tuple[str, float]]:
        if self._cards is not None:
            yield from self._cards.sample()

    def _read(self, path: str, most: int = 1 << 13) -> str:
        return _read(os.path.join(self._root, path), most)


def _own_seconds() -> float:
    """Return the processor time of this process and of its children that ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _read(path: str, most: int = 1 << 13) -> str:
    # A quarter of what `open` costs, which loads codecs as well.
    file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        return os.read(file, most).decode("ascii", "replace")
    finally:
        os.close(file)


# The limits of containers and of the jobs of a cluster.

_USED = ("memory.current", "memory.usage_in_bytes")


def find_limit(root: str, what: str) -> tuple[str, float]:
    """Return the cgroup whose limit is the tightest, and that limit; ("", 0) where none is.

    `memory` in bytes, `cpu` in cores. Groups further up count, too: a cluster limits a
    job, and the job's step has a group of its own below.
    """
    tightest = ("", 0.0)
    for place in _groups(root, what):
        try:
            limit = _memory_limit(place) if what == "memory" else _core_limit(place)
        except (OSError, ValueError, IndexError):
            continue
        if 0 < limit < _NO_LIMIT and (not tightest[0] or limit < tightest[1]):
            tightest = (place, limit)
    return tightest


def _groups(root: str, what: str) -> Iterator[str]:
    """Yield the folders of this process's cgroup and of those above it, innermost first."""
    try:
        lines = _read(os.path.join(root, "proc/self/cgroup")).splitlines()
    except OSError:
        return
    base = os.path.join(root, "sys/fs/cgroup")
    for line in lines:
        number, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if number == "0":
            tops = [base, os.path.join(base, "unified")]
        elif what in kinds.split(","):
            tops = [os.path.join(base, kinds), os.path.join(base, what)]
        else:
            continue
        top = next((top for top in tops if os.path.isdir(top)), "")
        parts = [part for part in path.split("/") if part]
        for depth in range(len(parts), max(-1, len(parts) - _GROUPS_UP), -1) if top else ():
            yield os.path.join(top, *parts[:depth])
        if top and len(parts) >= _GROUPS_UP:
            yield top


def _memory_limit(place: str) -> float:
    return _number(place, ("memory.max", "memory.limit_in_bytes"))


def _core_limit(place: str) -> float:
    try:
        quota, period = _read(os.path.join(place, "cpu.max")).split()
    except FileNotFoundError:
        quota = _read(os.path.join(place, "cpu.cfs_quota_us")).strip()
        period = _read(os.path.join(place, "cpu.cfs_period_us")).strip()
    return float("inf") if quota == "max" else int(quota) / int(period)


def _used_seconds(place: str) -> float:
    """Return the seconds of processor time that a group has used."""
    try:
        for line in _read(os.path.join(place, "cpu.stat")).splitlines():
            name, _, value = line.partition(" ")
            if name == "usage_usec":
                return int(value) / 1e6
    except FileNotFoundError:
        pass
    return int(_read(os.path.join(place, "cpuacct.usage"))) / 1e9


def _reclaimable(place: str) -> float:
    """Return the bytes of files that the kernel would drop before anything is short."""
    for line in _read(os.path.join(place, "memory.stat")).splitlines():
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file"):
            return int(value)
    return 0.0


def _number(place: str, names: tuple[str, ...]) -> float:
    for name in names:
        try:
            said = _read(os.path.join(place, name)).strip()
        except FileNotFoundError:
            continue
        return float("inf") if said == "max" else int(said)
    raise OSError("no such file in this group")
