"""Samples of the machine: taken from the kernel's files, kept apart from the metrics."""

from __future__ import annotations

import ctypes
import json
import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from processes import end, look, run, start, the_run, wait_for_line, wait_until

import tui_tracker as tt
from tui_tracker import cli, journal, queries
from tui_tracker.capture.gpu_samples import find_cards, is_visible, open_nvml
from tui_tracker.capture.system import Sampler, find_limit, place_of, unit_of
from tui_tracker.drain import recover
from tui_tracker.sampled import sampled_columns

ON = {"TUI_TRACKER_SYSTEM": "on"}
LOG_SAMPLES = """
from tui_tracker import journal
run = tt.init("e", "run")
for at in range(3):
    run.log({"loss": 1 - at / 10})
    values = {"cpu": 100.0 + at, "memory": 0.5}
    run._journal.append(journal.SYSTEM, {"t": time.time_ns() // 1_000_000, "values": values})
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's files with two cards, a job's limits, and this process."""
    files = {
        "proc/self/statm": "1000 500 100 1 0 100 0\n",
        f"proc/{os.getpid()}/task/1/children": "4242 ",
        "proc/4242/stat": "4242 (a (b) c) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 9 9 250 0\n",
        "proc/4242/task/4242/children": "",
        "proc/stat": "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2\n",
        "proc/meminfo": "MemTotal:  1000 kB\nMemFree: 100 kB\nMemAvailable:  250 kB\n",
        "proc/net/dev": "Inter-| x\n face |\n lo: 9 0 0 0 0 0 0 0 9 0\neth0: 5 0 0 0 0 0 0 0 7 0\n",
    }
    write(tmp_path, files)
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_a_sample_tells_of_the_process_tree_and_of_the_machine(root):
    sampler = Sampler(str(root), root=str(root), environ={})
    now = time.monotonic()

    first = sampler.sample(now)
    write(root, {"proc/stat": "cpu  150 0 150 750 150 0 0 0 0 0\n"})
    write(root, {"proc/net/dev": "\n\neth0: 2000005 0 0 0 0 0 0 0 7 0\n"})
    second = sampler.sample(now + 2)

    page = os.sysconf("SC_PAGE_SIZE")
    assert first["memory"] == round((500 + 250) * page / 1e9, 4)
    assert first["machine_memory"] == 75.0
    assert "machine_cpu" not in first  # a share needs two looks
    assert second["machine_cpu"] == 50.0
    assert second["network"] == 1.0
    assert {"load", "disk", "cpu"} <= set(second)


def test_rank_one_of_a_machine_tells_of_its_own_processes_alone(root):
    found = Sampler(str(root), root=str(root), machine=False).sample(time.monotonic())

    assert set(found) <= {"cpu", "memory"}


def test_a_machine_without_these_files_is_told_of_as_far_as_it_goes(tmp_path):
    found = Sampler(str(tmp_path / "gone"), root=str(tmp_path)).sample(time.monotonic())

    assert "memory" not in found


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1000\n"}, 1000),
        (
            {
                "proc/self/cgroup": "0::/job/step/task\n",
                "sys/fs/cgroup/job/memory.max": "500\n",
                "sys/fs/cgroup/job/step/memory.max": "max\n",
                "sys/fs/cgroup/job/step/task/memory.max": "max\n",
            },
            500,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/docker/x\n1:cpu:/\n",
                "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "700\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            700,
        ),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0),
        ({}, 0),
    ],
)
def test_the_tightest_limit_of_containers_and_jobs_counts(tmp_path, files, limit):
    write(tmp_path, files)

    assert find_limit(str(tmp_path), "memory")[1] == limit


def test_memory_and_processors_are_told_by_what_a_container_may_use(root):
    write(
        root,
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": "1000\n",
            "sys/fs/cgroup/memory.current": "700\n",
            "sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 200\n",
            "sys/fs/cgroup/cpu.max": "200000 100000\n",
            "sys/fs/cgroup/cpu.stat": "usage_usec 1000000\n",
        },
    )
    sampler = Sampler(str(root), root=str(root))
    sampler.sample(10**6)
    write(root, {"sys/fs/cgroup/cpu.stat": "usage_usec 2000000\n"})

    found = sampler.sample(10**6 + 1)

    assert (found["machine_memory"], found["machine_cpu"]) == (50.0, 50.0)


def test_samples_become_rarer_in_long_runs():
    sampler = Sampler("/", machine=False)
    began = sampler._began
    taken = [now for now in range(40_000) if sampler.due(began + now)]
    apart = [after - before for before, after in pairwise(taken)]

    assert taken[:4] == [2, 5, 10, 20]
    assert max(apart[:900]) == 10
    assert min(apart[-50:]) > 30
    assert len(taken) < 2500


class Nvml:
    """What stands in for the driver's library: two cards, the second without a power meter."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses

    def nvmlInit_v2(self):  # noqa: N802
        return 999 if self.refuses else 0

    def nvmlDeviceGetCount_v2(self, count):  # noqa: N802
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, handle):  # noqa: N802
        handle._obj.value = 100 + index
        return 0

    def nvmlDeviceGetUUID(self, handle, text, size):  # noqa: N802
        text.value = f"GPU-{handle.value}"[: size - 1].encode()
        return 0

    def nvmlDeviceGetUtilizationRates(self, handle, use):  # noqa: N802
        use._obj.gpu = handle.value - 10
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle, memory):  # noqa: N802
        memory._obj.used = handle.value * 10**9
        return 0

    def nvmlDeviceGetTemperature(self, handle, sensor, number):  # noqa: N802
        number._obj.value = 60 + sensor + handle.value - 100
        return 0

    def nvmlDeviceGetPowerUsage(self, handle, number):  # noqa: N802
        number._obj.value = 250_500
        return 3 if handle.value == 101 else 0


def test_cards_tell_use_memory_temperature_and_power():
    found = dict(open_nvml(Nvml(), {}).sample())

    assert found == {
        "gpu0": 90.0,
        "gpu0_memory": 100.0,
        "gpu0_temperature": 60.0,
        "gpu0_power": 250.5,
        "gpu1": 91.0,
        "gpu1_memory": 101.0,
        "gpu1_temperature": 61.0,
    }


def test_cards_that_the_training_cannot_see_are_left_out():
    found = dict(open_nvml(Nvml(), {"CUDA_VISIBLE_DEVICES": "1"}).sample())

    assert "gpu1" in found
    assert "gpu0" not in found
    assert open_nvml(Nvml(), {"CUDA_VISIBLE_DEVICES": ""}) is None
    assert is_visible(0, "GPU-8d", {"CUDA_VISIBLE_DEVICES": "3, GPU-8"})


def test_a_library_that_refuses_or_is_too_old_is_passed_over():
    assert open_nvml(Nvml(refuses=True), {}) is None
    assert open_nvml(object(), {}) is None


def test_the_driver_is_called_as_c_calls_it(tmp_path):
    """A library of C with the functions of nvml.h, so that sizes and kinds are proven."""
    source = tmp_path / "nvml.c"
    source.write_text(NVML_IN_C)
    library = tmp_path / "libnvml.so"
    done = os.system(f"cc -shared -fPIC -o {library} {source} 2> /dev/null")
    if done:
        pytest.skip("there is no C compiler")

    found = dict(open_nvml(ctypes.CDLL(str(library)), {}).sample())

    assert found == {
        "gpu0": 87.0,
        "gpu0_memory": 79.5,
        "gpu0_temperature": 66.0,
        "gpu0_power": 401.2,
    }


NVML_IN_C = """
#include <string.h>
typedef struct { unsigned int gpu, memory; } use_t;
typedef struct { unsigned long long total, free, used; } memory_t;
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int *n) { *n = 1; return 0; }
#define CARD ((void *)0x7fff12345678)
int nvmlDeviceGetHandleByIndex_v2(unsigned int i, void **h) { *h = CARD; return 0; }
static int odd(void *h) { return h != CARD; }
int nvmlDeviceGetUUID(void *h, char *s, unsigned int n) { strncpy(s, "GPU-1", n); return odd(h); }
int nvmlDeviceGetUtilizationRates(void *h, use_t *u) { u->gpu = 87; u->memory = 3; return odd(h); }
int nvmlDeviceGetMemoryInfo(void *h, memory_t *m) { m->used = 79500000000ULL; return odd(h); }
int nvmlDeviceGetTemperature(void *h, int s, unsigned int *t) { *t = s ? 0 : 66; return odd(h); }
int nvmlDeviceGetPowerUsage(void *h, unsigned int *p) { *p = 401200; return odd(h); }
"""


def test_cards_of_amd_tell_by_their_files(tmp_path):
    card = "sys/class/drm/card0/device"
    write(
        tmp_path,
        {
            f"{card}/gpu_busy_percent": "42\n",
            f"{card}/mem_info_vram_used": "8000000000\n",
            f"{card}/hwmon/hwmon3/temp1_input": "55000\n",
        },
    )

    found = dict(find_cards(str(tmp_path), {}).sample())

    assert found == {"gpu0": 42.0, "gpu0_memory": 8.0, "gpu0_temperature": 55.0}


@pytest.mark.parametrize(
    ("label", "unit"),
    [
        ("system/cpu", "%"),
        ("system/memory@rank1", "GB"),
        ("system/gpu3_power", "W"),
        ("system/gpu3", "%"),
        ("system/load", ""),
        ("system/other", ""),
    ],
)
def test_each_name_has_its_unit(label, unit):
    assert unit_of(label) == unit


def test_records_become_columns_by_the_second_of_the_run():
    records = [
        {"t": 1_002_500, "values": {"cpu": 50, "odd": "x", "bad": float("nan"), "no": True}},
        {"t": 999_000, "values": {"cpu": 60.5}},
        {"t": 1_005_000, "values": ["cpu"]},
        {"values": {"cpu": 1}},
        {"t": 1_006_000, "values": {"cpu": 10**400}},
    ]

    assert sampled_columns(records, 1_000_000) == {
        "system/cpu": ([2, 0], [1_002_500, 999_000], [50.0, 60.5])
    }


def test_samples_lie_beside_the_metrics_and_out_of_their_sight(folder, tt_):
    run(folder, LOG_SAMPLES + "run.finish()")

    detail = the_run(folder)
    shown = json.loads(tt_("show", "run", "--json")[1])
    listed = json.loads(tt_("ls", "--json")[1])

    assert list(detail.row.metrics) == ["loss"]
    assert {label: m.count for label, m in detail.system.items()} == {
        "system/cpu": 3,
        "system/memory": 3,
    }
    assert detail.points == 3
    assert (list(shown["metrics"]), shown["points"]) == (["loss"], 3)
    assert shown["system"]["system/cpu"]["last"] == 102.0
    assert list(listed[0]["metrics"]) == ["loss"]
    assert "system" not in listed[0]


def test_no_question_about_metrics_is_answered_with_the_machines(folder, store):
    run(folder, LOG_SAMPLES + "run.finish()")
    recover(store)
    keys = queries.list_run_keys(store)

    assert queries.list_columns(store) == ([], ["loss"])
    assert [list(row.metrics) for row in queries.get_rows(store, keys, metrics=None)] == [["loss"]]
    assert [list(row.last) for row in queries.list_last_values(store, keys)] == [["loss"]]
    assert queries.read_health(store, keys) == {keys[0]: ()}


def test_a_curve_of_the_machine_is_drawn_and_printed_by_its_name(folder, tt_):
    run(folder, LOG_SAMPLES + "run.finish()")

    code, out, _ = tt_("curve", "run", "system/cpu", "--json")

    assert code == 0
    assert json.loads(out)["values"] == [100.0, 101.0, 102.0]


def test_a_metric_of_the_users_with_such_a_name_is_the_users(folder, store):
    run(folder, LOG_SAMPLES + 'run.log({"system/cpu": 7.0})\nrun.finish()')
    recover(store)
    detail = queries.get_run(store, queries.list_run_keys(store)[0])

    assert queries.find_metric(detail, "system/cpu").last == 7.0
    assert detail.system["system/cpu"].last == 102.0


def test_samples_outlive_a_kill(folder):
    process = start(folder, LOG_SAMPLES + "ready()\nwait()")
    wait_for_line(process)
    process.kill()
    end(process)

    assert the_run(folder).system["system/cpu"].count == 3


def test_a_resumed_run_counts_its_steps_on_from_its_own(folder, store):
    run(folder, LOG_SAMPLES.replace("time.time_ns() // 1_000_000", "2**43") + "run.finish()")

    resumed = tt.init("e", "run", resume="run", store=folder)
    resumed.log({"loss": 0.5})
    resumed.finish()

    recover(store)
    key = queries.list_run_keys(store)[0]
    assert queries.get_run(store, key).row.metrics["loss"].last_step == 3


def test_a_training_takes_its_first_sample_after_two_seconds(folder):
    process = start(
        folder, 'run = tt.init("e", "run")\nrun.log({"loss": 1})\nready()\nwait()', **ON
    )
    try:
        wait_for_line(process)
        wait_until(lambda: look(folder)[1][0].system)

        (seen,) = look(folder)[1]
        assert {"system/cpu", "system/memory", "system/load"} <= set(seen.system)
        assert seen.system["system/memory"].last > 0.005
    finally:
        process.kill()
        end(process)


@pytest.mark.parametrize(
    ("argument", "environment"), [("system=False", ON), ("", {"TUI_TRACKER_SYSTEM": "off"})]
)
def test_samples_can_be_switched_off(folder, argument, environment):
    script = f"""
    from tui_tracker.capture import system
    system.FIRST_S = 0.0
    run = tt.init("e", "run", {argument})
    run.log({{"loss": 1}})
    time.sleep(0.6)
    run.finish()
    print("system" in dir(run) or run._sampler)
    """

    done = run(folder, script, **environment)

    assert (done.stdout, the_run(folder).system) == ("None\n", {})


def test_what_a_child_uses_is_counted_and_the_child_takes_no_samples_itself(folder):
    script = """
    from tui_tracker.capture import system
    system.FIRST_S = 0.2
    run = tt.init("e", "run")
    run.log({"loss": 1})
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        run.log({"child": 1})
        while os.getppid() == parent:
            pass
        os._exit(0)
    ready()
    wait()
    """
    process = start(folder, script, **ON)
    try:
        wait_for_line(process)
        wait_until(lambda: look(folder)[1][0].system.get("system/cpu"))

        names = journal.list_journals(str(folder / "journals"))
        (seen,) = look(folder)[1]
        assert len(names) == 2
        assert not any("@" in label for label in seen.system)
    finally:
        process.kill()
        end(process)


def test_neither_import_nor_start_wait_for_samples(folder):
    script = """
    run = tt.init("e", "run")
    loaded = [name for name in sys.modules if name.endswith(("capture.system", "gpu_samples"))]
    print(loaded)
    run.finish()
    """

    assert run(folder, script, **ON).stdout == "[]\n"


def test_a_command_of_tt_run_is_told_of_by_tt_run_alone(folder):
    code = (
        "import time, tui_tracker as tt\n"
        "run = tt.init(); run.log({'loss': 1}); time.sleep(3); run.finish()"
    )
    script = f"""
    import subprocess
    command = [sys.executable, "-m", "tui_tracker.cli", "run", "--quiet", "--"]
    done = subprocess.run([*command, sys.executable, "-c", {code!r}])
    print(done.returncode)
    """

    done = run(folder, script, **ON)

    seen = the_run(folder)
    assert done.stdout == "0\n", done.stderr
    assert seen.system["system/memory"].count == 1
    assert list(seen.row.metrics) == ["loss"]


def test_system_metrics_have_an_order_of_their_own():
    labels = ["system/load", "system/gpu0", "system/cpu", "system/new", "system/machine_memory"]

    assert sorted(labels, key=place_of) == [
        "system/cpu",
        "system/machine_memory",
        "system/gpu0",
        "system/load",
        "system/new",
    ]


def test_samples_go_along_in_bundles_and_merges(folder, tt_, tmp_path):
    run(folder, LOG_SAMPLES + "run.finish()")
    bundle = tmp_path / "run.ttb"

    assert tt_("bundle", "run", "--out", str(bundle))[0] in (0, 1)
    other = tmp_path / "other"

    assert cli.main(["--store", str(other), "unbundle", str(bundle)]) in (0, 1)
    detail = the_run(other)
    assert detail.system["system/cpu"].last == 102.0
    assert list(detail.row.metrics) == ["loss"]
