"""What a run came from, in the formats of others: valid by their schemas, and true."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import planted
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from referencing import Registry, Resource
from test_bundle import set_facts

import tui_tracker as tt
from tui_tracker.cli import main
from tui_tracker.exports import FORMATS, export
from tui_tracker.exports.facts import Run, digest_set, git_uri, purl, record_digest, repository_url
from tui_tracker.exports.openlineage import OWN_FACET
from tui_tracker.queries import find_run, get_run
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store

LogRun = Callable[..., tt.Run]
SCHEMAS = Path(__file__).parent / "schemas"
OWN = Path(tt.__file__).parent / "exports" / "TuiTrackerRunFacet.json"
COMMIT, TREE = "a" * 40, "b" * 40
DIGEST = "c" * 64


def schemas() -> Registry[Any]:
    paths = [*SCHEMAS.rglob("*.json"), OWN]
    loaded = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    found: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in loaded
    )
    return found.crawl()  # schemas that stand inside of others have names of their own


REGISTRY = schemas()
FORMS = FormatChecker(["uuid"])


@FORMS.checks("date-time")
def is_moment(value: object) -> bool:
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    return not isinstance(value, str) or re.fullmatch(moment, value) is not None


@FORMS.checks("uri")
def is_uri(value: object) -> bool:
    pattern = r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
    return not isinstance(value, str) or re.fullmatch(pattern, value) is not None


def problems(value: object, reference: str) -> list[str]:
    """Return what a schema says against some data."""
    validator = Draft202012Validator({"$ref": reference}, registry=REGISTRY, format_checker=FORMS)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def strict(text: str) -> Any:
    """Return JSON; a bare NaN or Infinity is refused, as other programs do."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def the_run(store: Store, name: str, console: str | None = None) -> Run:
    key = find_run(store, name)
    record = next(run_records(store, [key], bulky=True))
    return Run(get_run(store, key), "0.1.0", record, console)


def exported(store: Store, name: str, form: str) -> str:
    return export(the_run(store, name), form).text


@pytest.fixture
def rich(store: Store, folder: Path, tmp_path: Path) -> str:
    """A finished run with all that the exports can tell."""
    made = tmp_path / "model.bin"
    made.write_bytes(b"weights")
    (tmp_path / "input.csv").write_bytes(b"a\n1\n")
    (tmp_path / "x.split").write_bytes(b"0")
    run = tt.init(
        "vision/sweep",
        "rich [1]",
        {"lr": 0.1, "nan": float("nan"), "inf": float("-inf"), "big": 2**70, "list": [1, None]},
        tags=("t",),
        store=folder,
    )
    for step in range(5):
        run.log({"loss": 1 / (step + 1)}, step=step)
    run.log({"odd@value": float("nan"), "up": float("inf")})
    run.log_artifact(made, kind="model")
    run.log_artifact(tmp_path / "input.csv", kind="input")
    run.log_artifact(tmp_path / "x.split", kind="split")
    run.finish()
    facts = {
        "code": {
            "commit": COMMIT,
            "branch": "main",
            "remote": "git@github.com:org/repo.git",
            "pushed": True,
            "dirty": True,
            "snapshot": {"tree": TREE, "commit": "d" * 40, "complete": True},
            "entry": {"path": "src/train.py", "sha256": DIGEST, "kind": "script"},
        },
        "process": {"argv": ["python", "train.py", "--lr", "0.1"], "script": "train.py"},
        "variables": {"variables": {"OMP_NUM_THREADS": "2"}},
        "seeds": {"params": {"seed": 1}, "applied": []},
        "hardware": {"cpu": "x", "cores": 2},
        "environment": ENVIRONMENT,
        "lock": {"files": [{"format": "uv", "path": "uv.lock", "text": UV_LOCK}]},
        "data:train": {
            "name": "train",
            "version": "v3",
            "role": "train",
            "kind": "file",
            "digest": f"sha256:{DIGEST}",
            "full": True,
            "columns": [["a", "int64"], ["b", None]],
            "path": "data/train.csv",
        },
        "data:remote": {"name": "remote", "digest": "sample:ab12", "path": "s3://bucket/x/y"},
        "data:frame": {"name": "frame", "kind": "pandas", "digest": f"sha256:{DIGEST}"},
    }
    for part, said in facts.items():
        set_facts(store, "rich [1]", part, said)
    return "rich [1]"


ENVIRONMENT: dict[str, Any] = {
    "python": {"version": "3.11.7", "implementation": "CPython"},
    "system": {"name": "Linux"},
    "packages": {
        "numpy": "2.1.0",
        "Scikit_Learn": "1.5.0",
        "torch": "2.4.0+cpu",
        "google-auth": "2.38.0rc1",
        "fromgit": "1.0",
        "wheel_of_url": "3.0",
        "mine": "0.1",
        "condaed": "7.0",
    },
    "origins": {
        "fromgit": {
            "kind": "vcs",
            "vcs": "git",
            "url": "https://github.com/a/b.git",
            "commit": COMMIT,
            "requested": "main",
            "subdirectory": "lib",
        },
        "wheel_of_url": {
            "kind": "archive",
            "url": "https://example.org/wheel_of_url-3.0-py3-none-any.whl",
            "hash": f"sha256={DIGEST}",
        },
        "mine": {"kind": "editable", "path": "~/mine", "snapshot": {"commit": COMMIT}},
        "condaed": {"kind": "conda"},
    },
    "lock": {"format": "uv", "path": "uv.lock", "sha256": DIGEST},
}
UV_LOCK = f"""
version = 1
[[package]]
name = "numpy"
version = "2.1.0"
source = {{ registry = "https://pypi.org/simple" }}
sdist = {{ url = "https://x.org/numpy-2.1.0.tar.gz", hash = "sha256:{DIGEST}", size = 5 }}
wheels = [
    {{ url = "https://x.org/numpy-2.1.0-cp311-cp311-linux_x86_64.whl", hash = "sha256:{DIGEST}" }},
]
[[package]]
name = "scikit-learn"
version = "9.9.9"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://x/scikit_learn-9.9.9-py3-none-any.whl", hash = "sha256:{DIGEST}" }}]
"""


# -- in-toto and SLSA


def test_the_statement_is_valid(store: Store, rich: str) -> None:
    statement = strict(exported(store, rich, "slsa"))

    assert problems(statement, "tests:in-toto-statement-v1") == []
    assert problems(statement["predicate"], "tests:slsa-provenance-v1") == []
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"


def test_the_subject_is_what_the_run_made(store: Store, rich: str) -> None:
    (subject,) = strict(exported(store, rich, "slsa"))["subject"]

    assert subject["name"].endswith("model.bin")
    assert subject["digest"] == {"sha256": hashlib.sha256(b"weights").hexdigest()}


def test_a_run_without_files_is_its_own_subject(store: Store, log_run: LogRun) -> None:
    log_run("bare", loss=[1.0])

    (subject,) = strict(exported(store, "bare", "slsa"))["subject"]

    record = json.loads(next(run_records(store, [find_run(store, "bare")], bulky=True)))
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    assert subject == {
        "name": "run.json",
        "digest": {"sha256": hashlib.sha256(canonical).hexdigest()},
    }


def test_the_hash_of_a_record_is_the_same_after_a_bundle(store: Store, log_run: LogRun) -> None:
    log_run("bare", loss=[1.0])
    before = record_digest(the_run(store, "bare"))
    set_facts(store, "bare", "origin", {"relation": "bundle"})

    assert record_digest(the_run(store, "bare")) == before


def test_params_and_arguments_are_the_external_parameters(store: Store, rich: str) -> None:
    definition = strict(exported(store, rich, "slsa"))["predicate"]["buildDefinition"]

    assert definition["externalParameters"] == {
        "experiment": "vision/sweep",
        "params": {"lr": 0.1, "nan": "NaN", "inf": "-Infinity", "big": 2**70, "list": [1, None]},
        "argv": ["python", "train.py", "--lr", "0.1"],
    }
    assert set(definition["internalParameters"]) >= {"seeds", "variables", "hardware", "python"}


def test_code_data_and_packages_are_the_dependencies(store: Store, rich: str) -> None:
    definition = strict(exported(store, rich, "slsa"))["predicate"]["buildDefinition"]

    found = {item["name"]: item for item in definition["resolvedDependencies"]}
    assert found["code"]["digest"] == {"gitCommit": COMMIT}
    assert found["code"]["uri"] == "git+ssh://git@github.com/org/repo.git"
    assert found["work tree"]["digest"] == {"gitTree": TREE, "gitCommit": "d" * 40}
    assert found["data:train"]["digest"] == {"sha256": DIGEST}
    assert found["data:remote"]["digest"] == {"sample": "ab12"}
    assert found["Scikit_Learn"] == {"name": "Scikit_Learn", "uri": "pkg:pypi/scikit-learn@1.5.0"}
    assert found["torch"]["uri"] == "pkg:pypi/torch@2.4.0%2Bcpu"
    assert found["fromgit"]["digest"] == {"gitCommit": COMMIT}
    assert found["google-auth"]["uri"] == "pkg:pypi/google-auth@2.38.0rc1"


def test_metrics_are_a_byproduct_whose_hash_can_be_checked(store: Store, rich: str) -> None:
    details = strict(exported(store, rich, "slsa"))["predicate"]["runDetails"]

    byproducts = {item["name"]: item for item in details["byproducts"]}
    metrics = byproducts["metrics"]
    said = metrics["annotations"]["metrics"]
    text = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    assert metrics["digest"] == {"sha256": hashlib.sha256(text).hexdigest()}
    assert said["loss"]["last"] == 0.2
    assert said["odd@value"]["last"] == "NaN"
    assert byproducts["uv.lock"]["digest"] == {"sha256": DIGEST}


def test_a_run_that_still_runs_has_no_end(store: Store, folder: Path) -> None:
    run = tt.init("e", "live", store=folder)
    run.log({"loss": 1.0})
    from tui_tracker.drain import recover

    recover(store)

    made = export(the_run(store, "live"), "slsa")

    statement = strict(made.text)
    assert "finishedOn" not in statement["predicate"]["runDetails"]["metadata"]
    assert problems(statement["predicate"], "tests:slsa-provenance-v1") == []
    assert made.notes


# -- OpenLineage


def event_problems(event: dict[str, Any]) -> list[str]:
    """Return what the schemas say against an event and each of its facets."""
    found = problems(event, "https://openlineage.io/spec/2-0-2/OpenLineage.json")
    things = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for thing in things:
        for facet in thing.get("facets", {}).values():
            found += problems(facet, facet["_schemaURL"])
    return found


@pytest.mark.parametrize(
    ("status", "kind"), [("finished", "COMPLETE"), ("failed", "FAIL"), ("killed", "ABORT")]
)
def test_both_events_are_valid(
    store: Store, log_run: LogRun, rich: str, status: str, kind: str
) -> None:
    log_run("other", status=status, loss=[1.0])
    for name in ("other", rich):
        events = [strict(line) for line in exported(store, name, "openlineage").splitlines()]

        assert [event_problems(event) for event in events] == [[], []]
        assert events[0]["eventType"] == "START"
    events = [strict(line) for line in exported(store, "other", "openlineage").splitlines()]
    assert events[1]["eventType"] == kind
    assert events[0]["run"]["runId"] == events[1]["run"]["runId"]


def test_data_are_inputs_with_version_and_columns(store: Store, rich: str) -> None:
    end = strict(exported(store, rich, "openlineage").splitlines()[1])

    inputs = {(item["namespace"], item["name"]): item["facets"] for item in end["inputs"]}
    train = inputs["file", "data/train.csv"]
    assert train["version"]["datasetVersion"] == "v3"
    assert [(f["name"], f.get("type")) for f in train["schema"]["fields"]] == [
        ("a", "int64"),
        ("b", None),
    ]
    assert ("s3://bucket", "x/y") in inputs
    (output,) = end["outputs"]
    assert output["facets"]["version"]["datasetVersion"].startswith("sha256:")


def test_params_and_metrics_are_in_a_facet_of_our_own(store: Store, rich: str) -> None:
    end = strict(exported(store, rich, "openlineage").splitlines()[1])

    facet = end["run"]["facets"]["tuiTracker_run"]
    assert facet["_schemaURL"] == OWN_FACET
    assert problems(facet, OWN_FACET) == []
    assert facet["params"]["nan"] == "NaN"
    assert facet["metrics"]["up"]["last"] == "Infinity"


def test_the_code_is_named_where_it_can_be_found(store: Store, rich: str) -> None:
    start = strict(exported(store, rich, "openlineage").splitlines()[0])

    location = start["job"]["facets"]["sourceCodeLocation"]
    assert location["url"] == "ssh://git@github.com/org/repo.git"
    assert (location["version"], location["path"]) == (COMMIT, "src/train.py")


def test_why_a_run_failed_is_told(store: Store, folder: Path) -> None:
    run = tt.init("e", "bad", store=folder)
    run.finish("failed")
    with store.write() as connection:
        connection.execute(
            "UPDATE run SET ended_by='Traceback\n  x\nValueError: no' WHERE name='bad'"
        )

    end = strict(exported(store, "bad", "openlineage").splitlines()[1])

    error = end["run"]["facets"]["errorMessage"]
    assert (error["message"], error["programmingLanguage"]) == ("ValueError: no", "Python")
    assert event_problems(end) == []


def test_a_parent_is_named_by_its_id(store: Store, folder: Path, log_run: LogRun) -> None:
    parent = log_run("parent")
    tt.init("e", "child", store=folder, parent=parent.id).finish()

    start = strict(exported(store, "child", "openlineage").splitlines()[0])

    assert start["run"]["facets"]["parent"]["run"] == {"runId": parent.id}
    assert event_problems(start) == []


# -- RO-Crate and PROV


def references(value: object) -> set[str]:
    """Return the ids that an entity refers to."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            return {value["@id"]}
        return set().union(*(references(member) for member in value.values()))
    if isinstance(value, list):
        return set().union(*(references(member) for member in value))
    return set()


def test_a_crate_is_flat_and_names_only_what_it_describes(store: Store, rich: str) -> None:
    crate = strict(exported(store, rich, "rocrate"))

    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    assert all("@type" in entity for entity in entities.values())
    outside = {"https://w3id.org/ro/crate/1.1"}
    assert references(crate["@graph"]) - outside <= set(entities)
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished"} <= set(entities["./"])


def test_a_crate_tells_what_was_run_on_what_and_what_came_of_it(store: Store, rich: str) -> None:
    crate = strict(exported(store, rich, "rocrate"))

    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    action = entities["#run"]
    assert action["@type"] == "CreateAction"
    code = entities[action["instrument"]["@id"]]
    assert (code["name"], code["version"]) == ("src/train.py", COMMIT)
    made = [entities[item["@id"]] for item in action["result"]]
    assert [e["sha256"] for e in made if e["@type"] == "File"] == [
        hashlib.sha256(b"weights").hexdigest()
    ]
    used = {entities[item["@id"]]["name"] for item in action["object"]}
    assert used >= {"train", "remote", "frame", "lr", "input.csv"}
    assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"


def test_a_path_never_leads_out_of_a_crate(store: Store, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    run = tt.init("e", "out", store=folder)
    run.log_artifact(tmp_path / "f", name="../../etc/pass wd?x#y")
    run.finish()

    crate = strict(exported(store, "out", "rocrate"))

    (file,) = (entity for entity in crate["@graph"] if entity["@type"] == "File")
    assert file["@id"] == "etc/pass%20wd%3Fx%23y"


def test_prov_names_are_qualified_and_known(store: Store, rich: str) -> None:
    document = strict(exported(store, rich, "prov"))

    things = {**document["entity"], **document["activity"], **document["agent"]}
    assert all(name.startswith("tt:") for name in things)
    for kind in ("used", "wasGeneratedBy", "wasDerivedFrom", "wasAssociatedWith"):
        for relation in document[kind].values():
            assert {v for k, v in relation.items() if k.startswith("prov:")} <= set(things)


def test_prov_is_read_by_the_library_of_its_authors(store: Store, rich: str) -> None:
    model = pytest.importorskip("prov.model")

    document = model.ProvDocument.deserialize(content=exported(store, rich, "prov"), format="json")

    kinds = [type(record).__name__ for record in document.get_records()]
    assert kinds.count("ProvActivity") == 1
    assert kinds.count("ProvGeneration") == 1


# -- packages


def test_requirements_are_exact_and_readable(store: Store, rich: str) -> None:
    text = exported(store, rich, "requirements")

    lines = [line for line in text.splitlines() if not line.startswith("#")]
    wanted = {Requirement(line).name: Requirement(line) for line in lines}
    assert str(wanted["numpy"].specifier) == "==2.1.0"
    assert str(wanted["google-auth"].specifier) == "==2.38.0rc1"
    assert wanted["fromgit"].url == (f"git+https://github.com/a/b.git@{COMMIT}#subdirectory=lib")
    assert wanted["wheel_of_url"].url is not None
    assert "mine" not in wanted
    assert f"# mine==0.1  installed in place from ~/mine (snapshot {COMMIT})" in text
    assert "# condaed==7.0  installed by conda" in text


def test_a_lock_file_is_valid(store: Store, rich: str) -> None:
    made = export(the_run(store, rich), "pylock")

    facts = tomllib.loads(made.text)
    lock = Pylock.from_dict(facts)
    packages = {str(package.name): package for package in lock.packages}
    assert set(packages) == {"numpy", "fromgit", "wheel-of-url", "mine"}
    assert packages["numpy"].wheels is not None
    assert packages["fromgit"].vcs is not None
    assert packages["fromgit"].vcs.commit_id == COMMIT
    assert packages["mine"].version is None
    assert facts["tool"]["tui-tracker"]["unhashed"] == [
        "Scikit_Learn==1.5.0",
        "condaed==7.0",
        "google-auth==2.38.0rc1",
        "torch==2.4.0+cpu",
    ]
    assert made.notes == (
        "4 of 8 packages have no known hash and are named only, under [tool.tui-tracker]: "
        "lock them anew with their versions to get one",
    )


def test_a_project_s_own_pylock_gives_the_hashes(store: Store, rich: str) -> None:
    text = f"""
lock-version = "1.0"
created-by = "uv"
[[packages]]
name = "scikit-learn"
version = "1.5.0"
[[packages.wheels]]
url = "https://x/scikit_learn-1.5.0-py3-none-any.whl"
upload-time = 2024-05-21T16:33:00Z
hashes = {{ sha256 = "{DIGEST}" }}
"""
    set_facts(store, rich, "lock", {"files": [{"format": "pylock", "path": "x", "text": text}]})

    lock = Pylock.from_dict(tomllib.loads(exported(store, rich, "pylock")))

    assert "scikit-learn" in {str(package.name) for package in lock.packages}


@pytest.mark.parametrize("text", ["[[package", "package = 1", "[[package]]\nname = 1", "x = 1"])
def test_a_broken_lock_file_gives_no_hashes_and_no_traceback(
    store: Store, rich: str, text: str
) -> None:
    set_facts(store, rich, "lock", {"files": [{"format": "uv", "path": "x", "text": text}]})

    lock = Pylock.from_dict(tomllib.loads(exported(store, rich, "pylock")))

    assert [package.name for package in lock.packages if package.wheels] == []


def test_a_run_without_packages_is_told_so(store: Store, log_run: LogRun) -> None:
    log_run("bare")

    for form in ("requirements", "pylock"):
        made = export(the_run(store, "bare"), form)
        assert "no packages were recorded" in made.notes[0]
    Pylock.from_dict(tomllib.loads(exported(store, "bare", "pylock")))


# -- all of them


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_was_planted_is_in_an_export(
    store: Store, folder: Path, tmp_path: Path, form: str
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    params = {"token": planted.NAMED, "text": planted.TEXT, f"p {planted.HF}": [planted.GITHUB]}
    name, url = f"n {planted.GITHUB}", f"https://user:{planted.URL_PASSWORD}@github.com/a/b.git"
    run = tt.init(f"e {planted.AWS}", name, params, tags=(planted.HF,), store=folder)
    run.log({f"m {planted.OPENAI}": 1.0})
    run.log_artifact(tmp_path / "a", kind=planted.GITHUB, name=f"x {planted.HF}")
    run.finish("failed")
    with store.write() as connection:
        connection.execute(
            "UPDATE run SET ended_by=?, user=?, host=?", (planted.TEXT, planted.AWS, planted.AWS)
        )
    parts: dict[str, Any] = {
        "code": {"remote": url, "commit": COMMIT, "branch": planted.GITHUB},
        "process": {"argv": ["t.py", planted.OPENAI, url, planted.PEM]},
        "variables": {"variables": {"X": planted.TEXT}},
        "environment": {
            "packages": {"a": "1", "b": "2", "c": "3"},
            "origins": {
                "a": {"kind": "vcs", "url": url, "commit": COMMIT},
                "b": {"kind": "archive", "url": url, "hash": f"sha256={DIGEST}"},
                "c": {"kind": "editable", "path": f"/x/a {planted.GITHUB}"},
            },
            "lock": {"path": planted.GITHUB, "sha256": DIGEST},
        },
        "data:d": {"name": planted.HF, "digest": f"sha256:{DIGEST}", "path": url},
    }
    for part, facts in parts.items():
        set_facts(store, name, part, facts)

    text = exported(store, name, form)

    decoded = "".join(
        base64.b64decode(word + "===").decode("utf-8", "replace")
        for word in text.replace('"', " ").split()
        if len(word) > 20 and word.isalnum()
    )
    assert planted.found_in_text(text) | planted.found_in_text(decoded) == set()


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_of_which_nothing_was_recorded_can_be_exported(
    store: Store, log_run: LogRun, form: str
) -> None:
    log_run("bare")
    with store.write() as connection:
        connection.execute("DELETE FROM lineage")

    text = exported(store, "bare", form)

    assert text.endswith("\n")


@pytest.mark.parametrize("form", FORMATS)
def test_odd_facts_do_not_break_an_export(store: Store, rich: str, form: str) -> None:
    odd: dict[str, Any] = {
        "code": {"snapshot": "x", "entry": 3, "remote": None, "commit": None},
        "process": {"argv": "x", "python": None},
        "environment": {"packages": ["x"], "origins": [1], "python": 3, "lock": "x"},
        "lock": {"files": ["x", {"format": None}]},
        "data:train": {"columns": "x", "digest": 3, "path": None},
        "origin": {"derived_from": 3},
        "variables": {"variables": [1]},
    }
    for part, facts in odd.items():
        set_facts(store, rich, part, facts)

    text = exported(store, rich, form)

    assert text.endswith("\n")


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b.git"),
        ("git@github.com:a/b.git", "ssh://git@github.com/a/b.git"),
        ("host.org:a/b", "ssh://host.org/a/b"),
        ("ssh://git@host:22/a", "ssh://git@host:22/a"),
        ("/srv/git/a.git", ""),
        ("../a", ""),
        ("C:\\repos\\a", ""),
        ("file:///srv/a", ""),
        ("", ""),
    ],
)
def test_a_remote_is_told_as_a_url_or_not_at_all(remote: str, url: str) -> None:
    assert repository_url(remote) == url


def test_git_uris_purls_and_digests_are_spelt_as_others_spell_them() -> None:
    assert git_uri("https://x/a") == "git+https://x/a"
    assert git_uri("git://x/a") == "git://x/a"
    assert purl("Foo.Bar_baz", "1!2.0+cpu") == "pkg:pypi/foo-bar-baz@1%212.0%2Bcpu"
    assert digest_set("sha256:ab") == {"sha256": "ab"}
    assert digest_set("dvc:md5:ab.dir") == {"md5": "ab"}
    assert digest_set("none") == {}


# -- the command


def test_the_command_writes_to_stdout_or_a_file(
    store: Store, rich: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--store", store.folder, "statement", rich]

    assert main(base) == 0
    printed = capsys.readouterr().out
    assert main([*base, "--format", "slsa", "--out", str(tmp_path / "s.json")]) == 0

    assert (tmp_path / "s.json").read_text() == printed
    assert capsys.readouterr().out == ""
    assert sorted(p.name for p in tmp_path.iterdir() if "s.json" in p.name) == ["s.json"]


def test_the_console_is_named_by_the_hash_of_what_tt_console_prints(
    store: Store, log_run: LogRun, capsys: pytest.CaptureFixture[str]
) -> None:
    import zlib

    log_run("printed")
    data = zlib.compress(json.dumps([[1, "o", "héllo"], [2, "e", "x"]]).encode())
    with store.write() as connection:
        key = find_run(store, "printed")
        connection.execute("INSERT INTO console_block VALUES (?,0,0,2,?)", (key, data))
        connection.execute("UPDATE run SET console_lines=2 WHERE id=?", (key,))

    assert main(["--store", store.folder, "console", "printed"]) == 0
    printed = capsys.readouterr().out
    assert main(["--store", store.folder, "statement", "printed"]) == 0
    statement = strict(capsys.readouterr().out)

    byproducts = {b["name"]: b for b in statement["predicate"]["runDetails"]["byproducts"]}
    assert byproducts["console"]["digest"]["sha256"] == hashlib.sha256(printed.encode()).hexdigest()
