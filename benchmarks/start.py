"""What `init` and `finish` cost a script with 100 modules of its own, in fresh processes.

    python benchmarks/start.py [--modules 100] [--times 31] [--imports numpy,torch] [--capture off]

Prints least, median and 95th percentile in milliseconds of `import tui_tracker`, `init` (wall
and processor time) and `finish`, and of `copy.deepcopy` and an uninteresting `open` with
the run's audit hook over those without, in microseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

SCRIPT = """
import os, sys, time, timeit
{imports}
wall, cpu = time.perf_counter(), time.process_time()
import tui_tracker as tt
import_ms = (time.perf_counter() - wall) * 1e3
import_cpu_ms = (time.process_time() - cpu) * 1e3
sys.path.insert(0, {project!r})
import {modules}
wall, cpu = time.perf_counter(), time.process_time()
run = tt.init("bench", params={{"seed": 1}}, console=False)
init_ms = (time.perf_counter() - wall) * 1e3
init_cpu_ms = (time.process_time() - cpu) * 1e3
time.sleep(0.6)
wall = time.perf_counter()
run.finish()
finish_ms = (time.perf_counter() - wall) * 1e3
print(import_ms, import_cpu_ms, init_ms, init_cpu_ms, finish_ms)
"""

HOOK = """
import copy, json, os, sys, timeit
sys.path[:0] = {path!r}
import tui_tracker as tt
run = tt.init("bench", console=False) if {hooked} else None
open({file!r}, "w").close()
deep = {{str(k): [k, {{"a": k}}] for k in range(20)}}
one = min(timeit.repeat(lambda: os.close(os.open({file!r}, 0)), number=20000, repeat=7)) / 20000
two = min(timeit.repeat(lambda: copy.deepcopy(deep), number=500, repeat=7)) / 500
three = min(timeit.repeat(lambda: id(run), number=100000, repeat=7)) / 100000
print(one * 1e6, two * 1e6, three * 1e6)
"""


def environment(store, capture):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, "TUI_TRACKER_STORE": store, "TUI_TRACKER_CAPTURE": capture}


def run(code, env):
    # A file, as scripts are: the text of `python -c` is an argument, and searched for secrets.
    with open("bench_script.py", "w") as file:
        file.write(code)
    command = [sys.executable, "bench_script.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return [float(word) for word in done.stdout.split()]


def spread(values):
    ordered = sorted(values)
    high = ordered[int(len(values) * 0.95)]
    return [round(value, 2) for value in (ordered[0], statistics.median(values), high)]


def make_project(folder, modules):
    """Write modules of 1 to 9 kB into a git work tree; return their names."""
    os.mkdir(os.path.join(folder, ".git"))
    names = [f"local_{number}" for number in range(modules)]
    for number, name in enumerate(names):
        with open(os.path.join(folder, f"{name}.py"), "w") as file:
            file.writelines(f"value_{line} = {line} * {number}\n" for line in range(50, 350))
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=int, default=100)
    parser.add_argument("--times", type=int, default=31)
    parser.add_argument("--imports", default="")
    parser.add_argument("--capture", default="on")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = os.path.join(folder, "project")
        os.mkdir(project)
        names = make_project(project, args.modules)
        imports = "".join(f"import {name}\n" for name in args.imports.split(",") if name)
        code = SCRIPT.format(project=project, modules=", ".join(names), imports=imports)
        env = environment(os.path.join(folder, "store"), args.capture)
        env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        os.chdir(project)
        rows = [run(code, env) for _ in range(args.times + 1)][1:]
        labels = ("import", "import cpu", "init", "init cpu", "finish")
        for label, values in zip(labels, zip(*rows, strict=True), strict=True):
            print(json.dumps({f"{label}, ms [least, median, p95]": spread(values)}))
        shared = {"path": [path for path in sys.path if path], "file": f"{folder}/x.log"}
        plain, hooked = (run(HOOK.format(hooked=on, **shared), env) for on in (False, True))
        labels = ("os.open and close", "deepcopy", "id")
        for label, before, after in zip(labels, plain, hooked, strict=True):
            both = [round(before, 3), round(after, 3)]
            print(json.dumps({f"{label}, us [without, with the hook]": both}))


if __name__ == "__main__":
    main()
