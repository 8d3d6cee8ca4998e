# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the archive comes from, what it is like, and what is left of it in the end."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.playbook import Run
from harness.simulator import Simulator
from harness.store import SIGNATURE, Store, serving

from .conftest import cluster
from .upgrade import Upgrade, why

SECRET = SIGNATURE.partition("=")[2]


@pytest.fixture(scope="module")
def two_nodes(directory: Path) -> Iterator[Simulator]:
    with cluster(directory / "archive", nodes=2) as started:
        yield started


@pytest.fixture
def upgrade(two_nodes: Simulator, directory: Path) -> Iterator[Upgrade]:
    here = Upgrade(two_nodes, directory / "archive")
    for node in here.nodes.values():
        shutil.rmtree(node.install_dir / "staging", ignore_errors=True)
        shutil.rmtree(node.install_dir / here.target, ignore_errors=True)
    yield here
    here.end()


@pytest.fixture
def files(tmp_path: Path, upgrade: Upgrade) -> Path:
    """A directory with the archive of the target, complete."""
    whole = upgrade.simulator.fetch_archive(upgrade.target)
    (tmp_path / whole.name).write_bytes(whole.read_bytes())
    return tmp_path


def name(upgrade: Upgrade) -> str:
    return f"atlassian-bitbucket-{upgrade.target}.tar.gz"


def of(path: Path, address: str | None = None) -> dict[str, str]:
    """The variables that name an archive with the checksum that it has."""
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    return {
        "rolling_upgrade_archive": address or str(path),
        "rolling_upgrade_archive_checksum": f"sha256:{checksum}",
    }


def staged(upgrade: Upgrade) -> list[str]:
    """What lies in the staging directories, files and directories."""
    return [str(path) for node in upgrade.nodes.values() for path in node.install_dir.glob("staging/**/*")]


def succeeds(run: Run) -> None:
    assert run.returncode == 0, run.output


def cut(files: Path, upgrade: Upgrade) -> Path:
    """The archive, cut off in its middle."""
    path = files / "cut.tar.gz"
    whole = (files / name(upgrade)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def plain(files: Path, _upgrade: Upgrade) -> Path:
    """A page of a proxy in place of the archive."""
    path = files / "page.tar.gz"
    path.write_text("<html>Log in</html>\n", encoding="utf-8")
    return path


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_an_address_that_is_signed_for_get_is_fetched_and_never_shown(upgrade: Upgrade, files: Path) -> None:
    """At every verbosity: the results of the tasks are hidden, the messages show the address without its query."""
    with serving(files) as store:
        variables = of(files / name(upgrade), store.address(name(upgrade)))
        for verbosity in ("-v", "-vvv"):
            run = upgrade.play("rolling_upgrade_preflight", verbosity, **variables)
            succeeds(run)
            assert SECRET not in run.output
        assert set(store.asked) == {"GET"}
        before = store.sent
        # the first byte only: the other node, which does not fetch it in the preflight, has no use for the rest
        fetched = (files / name(upgrade)).stat().st_size
        assert before < 2 * (fetched + 2 * 4 * 1024 * 1024)
        run = upgrade.play("rolling_upgrade_begin", "-vvv", **variables)
        succeeds(run)
    assert SECRET not in run.output
    assert upgrade.simulator.cluster()["state"] == "READY_TO_UPGRADE"


@pytest.mark.parametrize("fault", ["another signature", "refused later", "nothing there"])
def test_a_refused_address_is_one_sentence_without_its_query(upgrade: Upgrade, files: Path, fault: str) -> None:
    with serving(files) as store:
        variables = of(files / name(upgrade), store.address(name(upgrade)))
        if fault == "another signature":
            variables["rolling_upgrade_archive"] += "0"
        elif fault == "refused later":
            variables["rolling_upgrade_archive_checksum"] = f"sha256:{'0' * 64}"
        else:
            variables["rolling_upgrade_archive"] = f"http://127.0.0.1:9/{name(upgrade)}?{SIGNATURE}"
        run = upgrade.play("rolling_upgrade_preflight", "-vvv", **variables)
    message = why(run)
    assert name(upgrade) in message and "correct rolling_upgrade_archive" in message
    assert {"another signature": "status 403", "refused later": "did not match 000", "nothing there": "no answer"}[
        fault
    ] in message
    assert SECRET not in run.output


def test_a_slow_first_byte_is_waited_for_as_long_as_the_variable_says(upgrade: Upgrade, files: Path) -> None:
    """As text, too, which is how surveys give it."""
    with serving(files, seconds_to_first_byte=3) as store:
        variables = of(files / name(upgrade), store.address(name(upgrade)))
        run = upgrade.play("rolling_upgrade_preflight", rolling_upgrade_fetch_timeout="1", **variables)
        message = why(run)
        assert "no answer within 1 s" in message and "raise rolling_upgrade_fetch_timeout" in message
        succeeds(upgrade.play("rolling_upgrade_preflight", rolling_upgrade_fetch_timeout="20", **variables))


@pytest.mark.long
def test_a_first_byte_after_more_than_ten_seconds_needs_no_variable(upgrade: Upgrade, files: Path) -> None:
    with serving(files, seconds_to_first_byte=12) as store:
        variables = of(files / name(upgrade), store.address(name(upgrade)))
        succeeds(upgrade.play("rolling_upgrade_preflight", **variables))


# -- archives ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "source"),
    [
        (cut, "controller"),
        pytest.param(cut, "node", marks=pytest.mark.long),
        pytest.param(cut, "web", marks=pytest.mark.long),
        pytest.param(plain, "controller", marks=pytest.mark.long),
    ],
)
def test_a_broken_archive_with_its_own_checksum_is_one_sentence_and_is_replaced(
    upgrade: Upgrade, files: Path, broken: Any, source: str
) -> None:
    path = broken(files, upgrade)
    with serving(files) as store:
        run = upgrade.play("rolling_upgrade_begin", **of(path, address(source, path, store)))
        message = why(run)
        assert f"{path.name} cannot be unpacked on node" in message, message
        assert "gzip" in message and "no upgrade was begun" in message and "provide a complete archive" in message
        assert len(message) < 400 and message.endswith(".")
        assert upgrade.simulator.cluster()["state"] == "STABLE"
        assert [each for each in staged(upgrade) if each.endswith(".tar.gz")] == []
        whole = files / name(upgrade)
        succeeds(upgrade.play("rolling_upgrade_begin", **of(whole, address(source, whole, store))))
    assert upgrade.simulator.cluster()["state"] == "READY_TO_UPGRADE"


def address(source: str, path: Path, store: Store) -> str:
    return {"controller": str(path), "node": f"file://{path}", "web": store.address(path.name)}[source]


def test_a_staged_file_with_another_checksum_is_replaced(upgrade: Upgrade, files: Path) -> None:
    """Left by a run whose checksum was corrected since. Check mode neither refuses nor replaces it."""
    for node in upgrade.nodes.values():
        staging = node.install_dir / "staging"
        staging.mkdir(exist_ok=True)
        (staging / name(upgrade)).write_text("another archive\n", encoding="utf-8")
    succeeds(upgrade.play("rolling_upgrade_begin", "--check"))
    assert {Path(each).read_text(encoding="utf-8") for each in staged(upgrade)} == {"another archive\n"}
    succeeds(upgrade.play("rolling_upgrade_begin"))
    assert upgrade.simulator.cluster()["state"] == "READY_TO_UPGRADE"
    assert {Path(each).stat().st_size for each in staged(upgrade)} == {(files / name(upgrade)).stat().st_size}


# -- the end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("playbook", ["rolling_upgrade_finalize", "rolling_upgrade_rollback"])
def test_what_was_staged_is_removed_in_the_end(upgrade: Upgrade, playbook: str) -> None:
    """Check mode predicts it and removes nothing; a second run finds nothing to remove."""
    succeeds(upgrade.play("rolling_upgrade_begin"))
    assert len(staged(upgrade)) == 2
    if playbook == "rolling_upgrade_finalize":
        for node in upgrade.nodes.values():
            node.run(upgrade.target)
    predicted = upgrade.play(playbook, "--check")
    succeeds(predicted)
    assert len(staged(upgrade)) == 2
    run = upgrade.play(playbook)
    succeeds(run)
    assert staged(upgrade) == []
    for each in (predicted, run):
        assert len(removed(each)) == 2, each.output
    again = upgrade.play(playbook)
    succeeds(again)
    assert removed(again) == [] and again.changed == 0
    assert all((node.install_dir / upgrade.target).is_dir() for node in upgrade.nodes.values())


def removed(run: Run) -> list[str]:
    """The hosts where the staged archive was removed."""
    return [
        event["host"]
        for event in run.events
        if event.get("task") == "Remove the staged archive" and event.get("status") == "changed"
    ]


def test_an_archive_that_is_the_source_itself_is_left_alone(upgrade: Upgrade) -> None:
    succeeds(upgrade.play("rolling_upgrade_begin"))
    for node in upgrade.nodes.values():
        node.run(upgrade.target)
    here = f"file://{{{{ rolling_upgrade_install_dir }}}}/staging/{name(upgrade)}"
    succeeds(upgrade.play("rolling_upgrade_finalize", rolling_upgrade_archive=here))
    assert len(staged(upgrade)) == 2


def test_an_end_at_which_nothing_can_be_removed_is_a_success(upgrade: Upgrade) -> None:
    succeeds(upgrade.play("rolling_upgrade_begin"))
    for node in upgrade.nodes.values():
        node.run(upgrade.target)
    run = upgrade.play("rolling_upgrade_finalize", rolling_upgrade_become="true", ansible_become_exe="/no/such/sudo")
    succeeds(run)
    assert "could not be removed" in run.output
    upgrade.assert_at(upgrade.target)
