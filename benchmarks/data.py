"""What it costs to know data by its content: files again, files anew, objects in memory, splits.

    python benchmarks/data.py [--files 20000] [--megabytes 1000]

Files that did not change are compared with `os.stat` over all of them in the same run, objects
with `hash_pandas_object` and with SHA-256 over as many bytes; both where pandas is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import tempfile
import time

ROUNDS = 5


def seconds(work):
    """Return the median time of some rounds, and what the last one gave."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), found


def make_files(folder, files, size):
    for number in range(files):
        place = os.path.join(folder, f"{number % 100:02}")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, f"{number}.bin"), "wb") as file:
            file.write(os.urandom(size))


def stat_all(paths):
    for path in paths:
        os.stat(path)


def measure_files(files, megabytes):
    from tui_tracker.capture.data_cache import HashCache
    from tui_tracker.capture.manifest import digest_path

    folder = tempfile.mkdtemp(prefix="data-")
    os.environ["XDG_CACHE_HOME"] = folder + "-cache"
    try:
        make_files(folder, files, megabytes * 1_000_000 // files)
        time.sleep(2.5)  # files that are younger are not trusted

        def check():
            cache = HashCache()
            try:
                return digest_path(folder, cache=cache).digest
            finally:
                cache.close()

        started = time.perf_counter()
        first = check()
        print(f"{files:,} files, {megabytes:,} MB, hashed: {time.perf_counter() - started:.2f} s")
        paths = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]
        again, second = seconds(check)
        assert first == second
        stat, _ = seconds(lambda: stat_all(paths))
        print(f"again, unchanged: {again:.3f} s; os.stat {stat:.3f} s; {again / stat:.1f} x")
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(folder + "-cache", ignore_errors=True)


def measure_objects():
    try:
        import numpy
        import pandas
    except ImportError:
        print("no pandas here: objects are left out")
        return
    from tui_tracker.capture.digests import digest

    numbers = numpy.random.default_rng(0).random((1_000_000, 20))
    rows = [f"row {number}" for number in range(1_000_000)]
    raw, _ = seconds(lambda: hashlib.sha256(numbers).digest())
    array, _ = seconds(lambda: digest(numbers))
    print(f"array of 160 MB: {array:.3f} s; SHA-256 alone {raw:.3f} s")
    for name, table in {
        "1,000,000 x 20 floats": pandas.DataFrame(numbers),
        "1,000,000 texts": pandas.DataFrame({"text": rows}),
    }.items():
        ours, _ = seconds(lambda table=table: digest(table))
        theirs, _ = seconds(lambda table=table: pandas.util.hash_pandas_object(table))
        print(f"{name}: {ours:.3f} s; hash_pandas_object {theirs:.3f} s")


def measure_splits():
    from tui_tracker.capture import split_format, splits, splitting

    n = 1_000_000
    made, roles = seconds(lambda: splitting.make_split(n, test=0.1, val=0.1, seed=0))
    read = splits.read_roles(roles)
    checked, _ = seconds(lambda: (splits.find_overlap(read), splits.find_duplicates(read)))
    written, data = seconds(lambda: split_format.write_split(read))
    print(
        f"{n:,} rows: split {made:.2f} s, checked {checked:.2f} s, "
        f"written {written:.2f} s as {len(data):,} bytes"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=1_000)
    arguments = parser.parse_args()
    measure_files(arguments.files, arguments.megabytes)
    measure_objects()
    measure_splits()
