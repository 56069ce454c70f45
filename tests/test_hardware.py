"""Processor, limits, linear algebra and graphics cards, with machines made of files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_tracker.capture import blas, gpus, hardware

_CPUINFO = """processor : 0
model name : AMD EPYC 9554
flags : fpu sse4_2 avx avx2 fma avx512f avx512_bf16 amx_tile

processor : 1
model name : other
"""


def make_files(root: Path, files: dict[str, str]) -> str:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return str(root)


def make_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a program of this name first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_this_machine_is_described():
    facts, _ = hardware.capture_hardware()

    assert facts["cores"] == os.cpu_count()
    assert facts["machine"]


def test_the_processor_is_told_by_name_and_by_what_it_computes_with(tmp_path):
    root = make_files(tmp_path, {"proc/cpuinfo": _CPUINFO})

    facts = hardware.processor_facts(root)

    assert facts["cpu"] == "AMD EPYC 9554"
    assert facts["cpu_flags"] == [
        "amx_tile",
        "avx",
        "avx2",
        "avx512_bf16",
        "avx512f",
        "fma",
        "sse4_2",
    ]
    assert len(str(facts["cpu_flags_sha256"])) == 64


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, {}),
        (
            {
                "proc/self/cgroup": "0::/job/step\n",
                "sys/fs/cgroup/job/cpu.max": "150000 100000\n",
                "sys/fs/cgroup/job/step/cpu.max": "max 100000\n",
                "sys/fs/cgroup/job/step/memory.max": "2147483648\n",
                "sys/fs/cgroup/job/memory.max": "4294967296\n",
            },
            {"cores_limit": 1.5, "memory_limit_bytes": 2 << 30},
        ),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/docker/x\n2:memory:/docker/x\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
            },
            {"cores_limit": 0.5, "memory_limit_bytes": 1 << 30},
        ),
        (
            {
                "proc/self/cgroup": "2:memory:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            },
            {},
        ),
    ],
)
def test_limits_of_control_groups_are_told(tmp_path, files, found):
    facts, _ = hardware.capture_hardware(make_files(tmp_path, files))

    limits = {key: facts[key] for key in ("cores_limit", "memory_limit_bytes") if key in facts}
    assert limits == found


def test_cards_are_told_as_nvidias_tool_says(tmp_path, monkeypatch):
    row = "NVIDIA A100-SXM4-80GB, 81920 MiB, 550.54.15, GPU-1234, 8.0, Enabled, [N/A]"
    make_tool(tmp_path, monkeypatch, "nvidia-smi", f"echo '{row}'; echo '{row}'")

    facts, reason = gpus.capture_gpus(str(tmp_path))

    assert reason == ""
    assert len(facts["gpus"]) == 2
    card = facts["gpus"][0]
    assert "1234" not in card.pop("uuid")
    assert card == {
        "name": "NVIDIA A100-SXM4-80GB",
        "memory": "81920 MiB",
        "driver": "550.54.15",
        "compute_cap": "8.0",
        "mig": "Enabled",
    }


def test_an_old_tool_is_asked_for_what_it_knows(tmp_path, monkeypatch):
    script = (
        'case "$1" in *compute_cap*) echo "Field compute_cap is not valid"; exit 2;; esac\n'
        "echo 'Tesla K80, 11441 MiB, 390.1, GPU-1'"
    )
    make_tool(tmp_path, monkeypatch, "nvidia-smi", script)

    facts, reason = gpus.capture_gpus(str(tmp_path))

    assert ([card["name"] for card in facts["gpus"]], reason) == (["Tesla K80"], "")


def test_where_the_tool_hangs_the_drivers_files_name_the_cards(tmp_path, monkeypatch):
    make_tool(tmp_path, monkeypatch, "nvidia-smi", "exec sleep 20")
    monkeypatch.setattr(gpus, "_LIMIT_S", 0.1)
    files = {
        "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX Kernel Module  550.54.15\n",
        "proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t NVIDIA L4\nGPU UUID: G\n",
    }

    facts, reason = gpus.capture_gpus(make_files(tmp_path / "root", files))

    assert reason == "nvidia-smi did not answer within 0 s"
    assert [(card["name"], card["driver"]) for card in facts["gpus"]] == [
        ("NVIDIA L4", "550.54.15")
    ]


def test_a_tool_that_fails_is_quoted(tmp_path, monkeypatch):
    make_tool(tmp_path, monkeypatch, "nvidia-smi", "echo 'No devices were found'; exit 6")

    assert gpus.capture_gpus(str(tmp_path)) == (
        {},
        "nvidia-smi exited with 6: No devices were found",
    )


def test_amd_cards_are_told_as_their_tool_says(tmp_path, monkeypatch):
    said = (
        '{"card0": {"Card Series": "MI300X", "VRAM Total Memory (B)": "206141652992", '
        '"Unique ID": "0x1"}, "system": {"Driver version": "6.10.5"}}'
    )
    make_tool(tmp_path, monkeypatch, "rocm-smi", f"echo '{said}'")

    facts, reason = gpus.capture_gpus(str(tmp_path))

    (card,) = facts["gpus"]
    assert reason == ""
    assert (card["name"], card["memory"], card["driver"]) == ("MI300X", "196592 MiB", "6.10.5")


def test_a_machine_without_cards_says_nothing_of_them(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert gpus.capture_gpus(str(tmp_path)) == ({}, "")


def test_the_versions_of_toolkit_and_cudnn_are_read_from_their_files(tmp_path):
    files = {
        "usr/local/cuda/version.json": '{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}',
        "usr/include/cudnn_version.h": "#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 1\n"
        "#define CUDNN_PATCHLEVEL 0\n",
    }

    facts = gpus.toolkit_facts(make_files(tmp_path, files), {})

    assert facts["toolkit"] == "12.4.1"
    assert facts["cudnn"] == "9.1.0"


def test_numpys_library_is_told_with_its_kernel_and_threads():
    pytest.importorskip("numpy")
    code = (
        "import json; from tui_tracker.capture import blas; print(json.dumps(blas.capture_blas()))"
    )
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Haswell"}

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, timeout=60
    )

    assert '"threads": 1' in done.stdout
    assert "Haswell" in done.stdout


def test_without_numpy_nothing_is_said_of_its_library(monkeypatch):
    monkeypatch.setattr(blas, "find_spec", lambda _: None)

    assert blas.capture_blas() == ({}, "")
