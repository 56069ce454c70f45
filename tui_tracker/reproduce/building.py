"""Fill an empty environment with exactly the recorded packages, or say which one is in the way."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

from tui_tracker.reproduce import installers
from tui_tracker.reproduce.env_cache import Decision, Rebuilt, mark_complete
from tui_tracker.reproduce.failures import ENVIRONMENT, CannotReproduce
from tui_tracker.reproduce.installers import Refused
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.packages import Installed, compare, probe, telling
from tui_tracker.reproduce.record import Environment
from tui_tracker.reproduce.requirements import Requirement

WriteOut = Callable[[str, str], object]
"""Writes the snapshot of that commit into that folder."""
Tell = Callable[[str], None]

_MOST_LOOSENED = 3


class Build:
    """One environment in the making."""

    def __init__(
        self,
        decision: Decision,
        recorded: Environment,
        options: Options,
        folder: Path,
        write_out: WriteOut,
        tell: Tell,
    ) -> None:
        assert decision.tool is not None
        self._tool, self._decision, self._options = decision.tool, decision, options
        self._recorded = recorded
        self._folder, self._write_out, self._tell = folder, write_out, tell
        self._substituted: list[str] = []
        self._notes: list[str] = []
        self._paths: list[str] = []

    def run(self) -> Rebuilt:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        problem = installers.make_environment(
            self._tool, self._folder, self._decision.python, self._options
        )
        if problem:
            raise self._no_interpreter(problem)
        sources = [r for r in self._decision.requirements if r.snapshot]
        self._install_listed([r for r in self._decision.requirements if not r.snapshot])
        for requirement in sources:
            self._install_source(requirement)
        found = probe(str(self._python))
        if found is None:
            raise self._no_interpreter("the new interpreter does not start")
        self._check(found)
        rebuilt = Rebuilt(
            str(self._python),
            str(self._folder),
            tuple(self._substituted),
            tuple(self._notes),
            tuple(self._paths),
            False,
            len(found.packages),
        )
        mark_complete(self._folder, rebuilt)
        return rebuilt

    @property
    def _python(self) -> Path:
        names = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        return self._folder.joinpath(*names)

    def _install_listed(self, requirements: Sequence[Requirement]) -> None:
        wanted = {requirement.name: requirement for requirement in requirements}
        while wanted:
            lines = [requirement.line for requirement in wanted.values()]
            refused = self._install("\n".join(lines))
            if refused is None:
                return
            self._give_way(wanted, refused)

    def _give_way(self, wanted: dict[str, Requirement], refused: Refused) -> None:
        """Loosen or leave out the package that was refused.

        Raises:
            CannotReproduce: neither may be done.
        """
        requirement = wanted.get(refused.package or "")
        if requirement is None:
            raise _refused(self._decision, self._options, None, refused)
        allowed = requirement.name in self._options.allow_nearest
        if allowed and requirement.url is None and requirement.loosened < _MOST_LOOSENED:
            wanted[requirement.name] = requirement.loosen()
        elif requirement.optional:
            del wanted[requirement.name]
            self._notes.append(f"{requirement.name} {requirement.version} is left out")
        else:
            raise _refused(self._decision, self._options, requirement, refused)

    def _install_source(self, requirement: Requirement) -> None:
        """Install a package from its kept source; where that cannot be built, import it there."""
        assert requirement.snapshot is not None
        source = self._folder / "sources" / requirement.name
        source.mkdir(parents=True, exist_ok=True)
        self._write_out(requirement.snapshot, str(source))
        if self._install(f"{requirement.name} @ {source.as_uri()}") is None:
            return
        self._paths += [str(root) for root in import_roots(source)]
        self._notes.append(f"{requirement.name} is imported from its source, without an install")

    def _install(self, text: str) -> Refused | None:
        requirements = self._folder / "requirements.txt"
        requirements.write_text(text + "\n", encoding="utf-8")
        return installers.install(
            self._tool, self._python, requirements, self._options, self._follow
        )

    def _follow(self, line: str) -> None:
        self._tell(f"environment  {line}")
        if "yanked" in line and line not in self._notes:
            self._notes.append(line)

    def _check(self, found: Installed) -> None:
        """Compare what came of it with the record: any difference is a substitution."""
        imported = {r.name for r in self._decision.requirements if r.snapshot}
        for difference in telling(compare(self._recorded, found)):
            if difference.name in imported and difference.found is None and self._paths:
                continue
            if difference.wanted is not None:
                self._substituted.append(str(difference))
            else:
                self._notes.append(str(difference))

    def _no_interpreter(self, problem: str) -> CannotReproduce:
        last = next((line for line in reversed(problem.splitlines()) if line.strip()), problem)
        return CannotReproduce(
            "environment",
            f"no environment of Python {self._decision.python} can be made: {last.strip()}",
            exit_code=ENVIRONMENT,
            ways_out=(f"--python {platform.python_version()}", "--env current"),
        )


def import_roots(source: Path) -> list[Path]:
    """Return the folders of a project that its packages are imported from."""
    inner = source / "src"
    return [inner, source] if inner.is_dir() else [source]


def _refused(
    decision: Decision, options: Options, requirement: Requirement | None, refused: Refused
) -> CannotReproduce:
    if requirement is None:
        tail = " / ".join(line.strip() for line in refused.output.strip().splitlines()[-3:])
        ways: tuple[str, ...] = ("--env current",)
        if refused.why == "network":
            ways = ("--offline with --find-links FOLDER", *ways)
        problem = f"the packages cannot be installed: {tail}"
        return CannotReproduce("environment", problem, exit_code=ENVIRONMENT, ways_out=ways)
    named = f"{requirement.name}=={requirement.version}"
    if refused.why == "no wheel":
        where = f"{platform.system()} {platform.machine()}, Python {decision.python}"
        problem = f"{named} has no wheel for this platform ({where})"
    elif "+" in requirement.version:
        problem = f"{named} is a build that the index does not have: name its own index"
    else:
        where = "among what is here, offline" if options.offline else "on the index"
        problem = f"{named} is not {where}"
    if refused.versions:
        problem += f" (there is {', '.join(refused.versions[-3:])})"
    ways = (
        f"--allow-nearest {requirement.name}",
        "--find-links FOLDER",
        "--index-url URL",
        "--env current",
    )
    return CannotReproduce("environment", problem, exit_code=ENVIRONMENT, ways_out=ways)
