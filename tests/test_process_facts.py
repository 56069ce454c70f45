"""How a run was started: command, place, variables, scheduler, container."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from processes import run, the_run

import tui_tracker as tt
from tui_tracker.capture import containers, variables
from tui_tracker.capture.process import capture_process, read_scheduler, shorten_home
from tui_tracker.capture.redaction import hidden
from tui_tracker.queries import RunDetail

ID = "0123456789abcdef" * 4


def facts_of(run: RunDetail, part: str) -> dict[str, object]:
    return next(dict(p.facts) for p in run.lineage if p.name == part)


def test_a_run_records_how_it_was_started(folder, monkeypatch, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")

    tt.init("e", store=folder).finish()

    facts = facts_of(the_run(folder), "process")
    assert facts["cwd_rel"] == "src"
    assert facts["cwd"] == str(tmp_path / "src")
    assert (facts["rank"], facts["world_size"], facts["pid"]) == (0, 1, os.getpid())
    assert "redacted" not in facts


def test_at_the_top_the_relative_folder_is_empty_and_outside_it_is_not_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert capture_process(str(tmp_path))["cwd_rel"] == ""
    assert "cwd_rel" not in capture_process(None)


def test_the_places_of_hidden_arguments_are_told():
    facts = capture_process(argv=["python", "train.py", "--token", "abc", "--lr", "0.1"])

    assert facts["argv"] == ["python", "train.py", "--token", hidden("abc"), "--lr", "0.1"]
    assert facts["redacted"] == [3]


def test_a_folder_that_somebody_removed_is_no_reason_to_fail(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    run = tt.init("e", store=tmp_path / "store")
    run.finish()

    assert facts_of(the_run(tmp_path / "store"), "process")["cwd"] == ""


def test_strict_privacy_hides_who_and_where(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("TUI_TRACKER_PRIVACY", "strict")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USER", "ada")
    monkeypatch.chdir(tmp_path)

    with tt.init("e", store=folder, params={"x": 1}) as run:
        run.note("by whom?")

    one = the_run(folder)
    assert (one.user, facts_of(one, "process")["user"]) == (hidden("ada"), hidden("ada"))
    assert one.host.startswith("***(")
    assert facts_of(one, "process")["cwd"] == "~"
    assert one.notes[0].author == hidden("ada")


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, {}),
        ({"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0"}, {"slurm_job_id": "7", "slurm_step_id": "0"}),
        ({"JOB_ID": "12", "JOB_NAME": "x"}, {}),
        ({"JOB_ID": "12", "SGE_ROOT": "/sge"}, {"job_id": "12"}),
        ({"LSB_JOBID": "3"}, {"lsb_jobid": "3"}),
        ({"PBS_JOBID": "4.host"}, {"pbs_jobid": "4.host"}),
        ({"RAY_JOB_ID": "01"}, {"ray_job_id": "01"}),
        (
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "train-x7", "JOB_NAME": "train"},
            {"pod_name": "train-x7", "job_name": "train"},
        ),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAME": "p"}, {"pod_name": "p"}),
    ],
)
def test_a_scheduler_is_known_by_its_variables(environ, found):
    assert read_scheduler(environ) == found


@pytest.mark.parametrize(
    ("files", "environ", "found"),
    [
        ({}, {}, {}),
        ({".dockerenv": ""}, {}, {"kind": "docker"}),
        (
            {"proc/self/cgroup": f"12:cpu:/docker/{ID}\n", ".dockerenv": ""},
            {"TT_IMAGE": "torch:2.9", "TT_IMAGE_DIGEST": "sha256:ab"},
            {"kind": "docker", "id": ID, "image": "torch:2.9", "digest": "sha256:ab"},
        ),
        (
            {
                "proc/self/cgroup": "0::/\n",
                "proc/self/mountinfo": f"1 2 8:1 /var/lib/docker/containers/{ID}/hostname"
                " /etc/hostname rw - ext4 /dev/sda1 rw\n",
            },
            {},
            {"kind": "docker", "id": ID},
        ),
        (
            {"proc/self/cgroup": f"0::/kubepods/burstable/pod1/{ID}\n"},
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1"},
            {"kind": "kubernetes", "id": ID},
        ),
        (
            {"proc/self/cgroup": f"0::/machine.slice/libpod-{ID}.scope\n"},
            {},
            {"kind": "podman", "id": ID},
        ),
        (
            {"run/.containerenv": f'engine="p"\nname="box"\nid="{ID}"\nimage="docker.io/x"\n'},
            {},
            {"kind": "podman", "id": ID, "name": "box", "image": "docker.io/x"},
        ),
        (
            {},
            {"SINGULARITY_NAME": "t.sif", "SINGULARITY_CONTAINER": "/img/t.sif"},
            {"kind": "singularity", "name": "t.sif", "image": "/img/t.sif"},
        ),
        (
            # A machine that runs docker is not inside of it.
            {
                "proc/self/cgroup": "0::/user.slice\n",
                "proc/self/mountinfo": "1 2 0:1 / /var/lib/docker/overlay2/x rw - overlay o rw\n",
            },
            {},
            {},
        ),
    ],
)
def test_a_container_is_known_by_its_files_and_variables(tmp_path, files, environ, found):
    for path, text in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    assert containers.find_container(environ, str(tmp_path)) == found


def test_variables_are_recorded_by_the_list_and_a_secret_wins():
    home = os.path.expanduser("~")
    environ = {
        "OMP_NUM_THREADS": "2",
        "PYTHONPATH": f"{home}/lib:/opt/lib:{home}",
        "TORCH_AUTH_TOKEN": "abc",
        "NCCL_API_KEY": "abc",
        "HF_TOKEN": "abc",
        "DATABASE_URL": "x",
        "LD_PRELOAD": "https://me:pw@host/x",
    }

    found = variables.capture_variables(environ)

    assert found == {
        "variables": {
            "LD_PRELOAD": f"https://{hidden('me:pw')}@host/x",
            "OMP_NUM_THREADS": "2",
            "PYTHONPATH": "~/lib:/opt/lib:~",
        }
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ada/x", "~/x"),
        ("/home/ada", "~"),
        ("--out=/home/ada/x", "--out=~/x"),
        ("/home/adam/x", "/home/adam/x"),
        ("/mnt/home/ada/x", "/mnt/home/ada/x"),
        ("/home/ada/x:/home/ada/y", "~/x:~/y"),
    ],
)
def test_the_home_folder_is_written_as_a_tilde(monkeypatch, text, shown):
    monkeypatch.setenv("HOME", "/home/ada")

    assert shorten_home(text) == shown


def test_nothing_planted_in_variables_reaches_the_journal(folder: Path):
    secret = "ghp_" + "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dFaB3d"

    done = run(
        folder,
        "tt.init('e', capture=False); text = open(tt.current()._journal.path, 'rb').read(); "
        "print(os.environ['HF_TOKEN'].encode() in text)",
        HF_TOKEN=secret,
        OMP_DISPLAY_ENV=secret,
    )

    assert (done.stdout, done.stderr) == ("False\n", "")
    assert json.dumps(facts_of(the_run(folder), "variables")).count("***(sha256") == 1
