"""Which generators were seeded, with what: as heard, and as their states tell."""

from __future__ import annotations

import inspect
import os
import pickle
import random
import subprocess
import sys
import types
import warnings

import pytest

import tui_tracker as tt
from tui_tracker.capture import generators, seeds
from tui_tracker.errors import InvalidArgument


@pytest.fixture(autouse=True)
def _quiet_before(monkeypatch: pytest.MonkeyPatch):
    """No test hears what another one seeded, and PYTHONHASHSEED stays as it was."""
    monkeypatch.setattr(seeds, "_last", {})
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    state = random.getstate()
    yield
    random.setstate(state)
    seeds._listening.clear()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch):
    """A library with one function that seeds, under the name that tensorflow gives it."""
    module = types.ModuleType("tensorflow.random")
    module.seeded = []  # type: ignore[attr-defined]

    def set_seed(seed: int) -> str:
        """Seed."""
        module.seeded.append(seed)  # type: ignore[attr-defined]
        return "done"

    module.set_seed = set_seed  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorflow.random", module)
    return module


def applied(facts: dict[str, object]) -> list[tuple[object, object, object]]:
    found = facts["applied"]
    assert isinstance(found, list)
    return [(entry["library"], entry["seed"], entry["via"]) for entry in found]


def test_a_call_before_the_run_began_is_known_with_its_time():
    seeds.watch()
    random.seed(7)

    facts = seeds.Seeds({"seed": 7}).begin()

    assert applied(facts) == [("random", 7, "random.seed")]
    (entry,) = facts["applied"]  # type: ignore[misc]
    assert entry["after_ms"] <= 0
    assert "unseen" not in facts


def test_of_calls_before_the_run_the_last_of_each_function_counts():
    seeds.watch()
    random.seed(1)
    random.seed(2)

    assert applied(seeds.Seeds({}).begin()) == [("random", 2, "random.seed")]


def test_calls_during_the_run_are_kept_one_by_one_and_equal_ones_counted():
    listener = seeds.Seeds({})
    listener.begin()
    listener.listen()
    for seed in (1, 2, 2, 2):
        random.seed(seed)

    facts = listener.end()

    assert applied(facts) == [("random", 1, "random.seed"), ("random", 2, "random.seed")]
    assert facts["applied"][1]["times"] == 3  # type: ignore[index]


def test_a_seed_param_that_no_generator_got_is_visible():
    facts = seeds.Seeds({"model.random_state": 12345, "data_seed": "54321", "lr": 3}).begin()

    assert facts["params"] == {"model.random_state": 12345, "data_seed": "54321"}
    assert facts["unseen"] == ["model.random_state", "data_seed"]


def test_a_generator_that_was_seeded_unheard_is_recognised_by_its_state():
    random.setstate(random.Random(4711).getstate())
    for _ in range(500):
        random.random()

    facts = seeds.Seeds({"seed": 4711}).begin()

    assert applied(facts) == [("random", 4711, "state")]


def test_the_state_is_recognised_after_many_draws_by_the_thread_only():
    random.setstate(random.Random(4711).getstate())
    for _ in range(9000):
        random.random()
    listener = seeds.Seeds({"seed": 4711})

    early = listener.begin()
    listener.catch_up()

    assert applied(early) == []
    assert applied(listener.facts()) == [("random", 4711, "state")]


def test_a_search_draws_from_no_generator_of_the_users():
    random.seed(3)
    before = random.getstate()
    listener = seeds.Seeds({"seed": 99})

    listener.begin()
    listener.listen()
    listener.end()

    assert random.getstate() == before


def test_a_library_that_is_imported_during_the_run_is_heard_from_the_next_tick(fake):
    listener = seeds.Seeds({})
    listener.begin()
    listener.listen()
    listener.tick()

    assert fake.set_seed(5) == "done"

    assert fake.seeded == [5]
    assert applied(listener.end()) == [("tensorflow", 5, "tensorflow.random.set_seed")]


def test_one_call_that_is_heard_opens_the_ears_for_libraries_just_imported(monkeypatch):
    seeds.watch()
    listener = seeds.Seeds({})
    listener.begin()
    listener.listen()
    late = types.ModuleType("tensorflow.random")
    late.set_seed = lambda seed: None  # type: ignore[attr-defined]  # noqa: ARG005
    monkeypatch.setitem(sys.modules, "tensorflow.random", late)

    random.seed(4)
    late.set_seed(4)

    libraries = [library for library, _, _ in applied(listener.end())]
    assert libraries == ["random", "tensorflow"]


def test_a_wrapped_function_looks_and_pickles_as_before(fake):
    before = inspect.signature(fake.set_seed)
    seeds.watch()
    seeds.watch()

    assert inspect.signature(fake.set_seed) == before
    assert (fake.set_seed.__name__, fake.set_seed.__doc__) == ("set_seed", "Seed.")
    assert pickle.loads(pickle.dumps(random.seed)) is random.seed
    assert not hasattr(fake.set_seed._tui_tracker_wraps, "_tui_tracker_wraps")


def test_what_a_seeding_function_raises_is_raised_and_not_noted():
    seeds.watch()
    listener = seeds.Seeds({})
    listener.begin()
    listener.listen()

    with pytest.raises(TypeError):
        random.seed([1])

    assert applied(listener.end()) == []


def test_odd_seeds_are_noted_as_what_they_are():
    seeds.watch()
    listener = seeds.Seeds({})
    listener.begin()
    listener.listen()
    for seed in (None, "text", b"raw", 1.5, 2**70):
        random.seed(seed)

    noted = [seed for _, seed, _ in applied(listener.end())]

    assert noted == [None, "text", "<bytes>", 1.5, 2**70]


def test_no_more_calls_are_kept_than_a_record_should_hold(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(seeds, "_MOST", 3)
    listener = seeds.Seeds({})
    listener.begin()
    listener.listen()
    for seed in range(10):
        random.seed(seed)

    facts = listener.end()

    assert len(applied(facts)) == 3
    assert facts["more"] == 7


def test_states_differ_after_a_draw_and_agree_without():
    first = generators.hash_states()
    second = generators.hash_states()
    random.random()

    assert first["random"] == second["random"] != generators.hash_states()["random"]


# -- seed_everything


def test_one_call_seeds_random_and_is_recorded_as_one():
    seeded = tt.seed_everything(11)
    first = random.random()
    tt.seed_everything(11)

    assert random.random() == first
    assert seeded.seed == 11
    calls = applied(seeds.Seeds({"seed": 11}).begin())
    assert calls[0] == ("random", 11, "seed_everything")
    assert {via for _, _, via in calls} == {"seed_everything"}


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "7", None])
def test_a_seed_that_not_all_libraries_take_is_refused(seed):
    with pytest.raises(InvalidArgument, match="from 0 to"):
        tt.seed_everything(seed)


def test_deterministic_is_true_false_or_warn():
    with pytest.raises(InvalidArgument, match="warn"):
        tt.seed_everything(1, deterministic="yes")  # type: ignore[arg-type]


def test_child_processes_get_the_hash_seed_and_this_one_is_said_to_be_too_late(capsys):
    seeded = tt.seed_everything(5)
    said = capsys.readouterr().err

    code = "print(__import__('os').environ['PYTHONHASHSEED'])"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert child.stdout == "5\n"
    assert "PYTHONHASHSEED" in seeded.notes[0]
    assert said == ""


def test_a_hash_seed_that_was_chosen_before_python_started_is_left_alone():
    code = (
        "import os, tui_tracker as tt; s = tt.seed_everything(5); "
        "print(os.environ['PYTHONHASHSEED'], s.notes)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )

    assert child.stdout == "0 ()\n"


def test_numpy_gets_the_seed_and_a_generator_that_goes_on():
    numpy = pytest.importorskip("numpy")
    seeded = tt.seed_everything(11)
    first = numpy.random.rand()
    one, two = seeded.numpy.random(), seeded.numpy.random()
    again = tt.seed_everything(11)

    assert numpy.random.rand() == first
    assert (again.numpy.random(), again.numpy.random()) == (one, two)
    assert one != two


def test_numpy_is_heard_and_recognised():
    numpy = pytest.importorskip("numpy")
    numpy.random.set_state(numpy.random.RandomState(4711).get_state())
    numpy.random.rand(700)
    listener = seeds.Seeds({"seed": 4711})
    assert ("numpy", 4711, "state") in applied(listener.begin())
    listener.listen()

    numpy.random.seed(numpy.int64(3))
    numpy.random.default_rng(numpy.random.SeedSequence(9))

    heard = applied(listener.end())
    assert ("numpy", 3, "numpy.random.seed") in heard
    assert ("numpy", 9, "numpy.random.default_rng") in heard


def test_torch_gets_seed_generator_and_switches():
    torch = pytest.importorskip("torch")
    try:
        seeded = tt.seed_everything(11, deterministic="warn")
        first = torch.rand(3)
        shuffled = torch.randperm(9, generator=seeded.generator).tolist()
        again = tt.seed_everything(11, deterministic="warn")

        assert torch.equal(torch.rand(3), first)
        assert torch.randperm(9, generator=again.generator).tolist() == shuffled
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


def test_a_seed_that_torch_drew_by_itself_is_kept_and_is_not_called_applied():
    torch = pytest.importorskip("torch")
    drawn = torch.random.seed()

    facts = seeds.Seeds({}).begin()

    assert facts["drawn"] == {"torch": drawn}
    assert [library for library, _, via in applied(facts) if via == "state"] == []


def test_equal_seeds_of_several_libraries_are_calls_of_their_own():
    listener = seeds.Seeds({})
    listener.begin()
    listener.listen()
    for library in ("one", "two"):
        seeds.note(library, 3, "seed_everything")

    assert applied(listener.end()) == [("one", 3, "seed_everything"), ("two", 3, "seed_everything")]


def test_torch_is_heard_under_both_names_and_tells_its_seed():
    torch = pytest.importorskip("torch")
    torch.default_generator.manual_seed(4711)
    listener = seeds.Seeds({})
    assert ("torch", 4711, "state") in applied(listener.begin())
    listener.listen()

    torch.manual_seed(3)
    torch.random.manual_seed(4)

    heard = [seed for library, seed, via in applied(listener.end()) if via.endswith("manual_seed")]
    assert heard == [3, 4]


def test_what_torch_compiles_and_scripts_it_still_does():
    torch = pytest.importorskip("torch")
    seeds.watch()

    def by_torch(x):
        torch.manual_seed(3)
        return x + torch.rand(2)

    def by_module(x):
        torch.random.manual_seed(3)
        return x + torch.rand(2)

    zeros = torch.zeros(2)
    expected = by_torch(zeros)
    for function in (by_torch, by_module):
        compiled = torch.compile(function, backend="eager")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript itself is deprecated
            scripted = torch.jit.script(function)
        assert torch.equal(compiled(zeros), expected)
        assert torch.equal(scripted(zeros), expected)


def test_each_worker_of_a_loader_draws_other_numbers_and_the_same_each_time():
    torch = pytest.importorskip("torch")

    def draw() -> list[float]:
        seeded = tt.seed_everything(11)
        loader = torch.utils.data.DataLoader(
            _Draws(),
            num_workers=2,
            worker_init_fn=seeded.worker_init_fn,
            generator=seeded.generator,
        )
        return [float(value) for value in loader]

    first = draw()

    assert draw() == first
    assert len(set(first)) == 4


class _Draws:
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> float:
        return random.random()
