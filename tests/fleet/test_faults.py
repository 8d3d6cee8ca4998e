# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every endpoint that the modules use, met by every fault, once and for as long as it lasts.

The tables in `proofs` say what must come of it: success, or the type of the error. Of a write they say besides whether
it is carried out, and that is looked at through the raw API and git, never through the module.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.bench import Bench, Hurry
from harness.simulator import running

from .conftest import WORK
from .found import MODULES, TWO_NODES, only_reads
from .modules import Fleet
from .proof import FAULTS, TIMEOUT, Use
from .proofs import SCENARIOS, USES
from .proofs.upgrade import CLUSTER, upgrade_mode_off

# Waiting is what these do about faults: see test_a_wait_outlasts_what_passes.
WAITS = {"cluster_wait"}

CASES = [
    pytest.param(endpoint, use, fault, lasting, id=f"{use.module}-{endpoint[0]}-{endpoint[1].rsplit('/', 1)[-1]}-"
                 f"{'check-' if use.check else ''}{fault}-{'lasting' if lasting else 'once'}")
    for endpoint, uses in USES.items()
    for use in uses
    for fault in FAULTS
    for lasting in (False, True)
]  # fmt: skip


class FaultyBench(Bench):
    """A bench before the simulator, with a client that is quick to give up."""

    def __init__(self, fleet: Fleet, collections: Path) -> None:
        self.fleet = fleet
        # at one node, so that the entry address does not try again by itself
        node = fleet.simulator.facts["nodes"][0]["url"] + fleet.simulator.facts["context_path"]
        limits = {"most": 2, "limited": 2, "total": 10, "base": 0.01}
        super().__init__(collections, node, fleet.simulator.administrator, timeout=TIMEOUT, clock=Hurry(), **limits)


@pytest.fixture(scope="module")
def fleet(collections: Path) -> Iterator[Fleet]:
    """A cluster of its own: these tests take it from release to release."""
    with running(WORK / "simulator-faults", *TWO_NODES, "--context-path", "/bitbucket") as simulator:
        yield Fleet(simulator, collections)


@pytest.fixture(scope="module")
def bench(fleet: Fleet, collections: Path) -> FaultyBench:
    return FaultyBench(fleet, collections)


@pytest.mark.parametrize(("endpoint", "use", "fault", "lasting"), CASES)
def test_a_fault_ends_as_written(
    bench: FaultyBench, endpoint: tuple[str, str], use: Use, fault: str, lasting: bool
) -> None:
    use.prepare(bench.fleet)
    method, route = endpoint
    rule = {"method": method, "route": route, "fault": FAULTS[fault], **({} if lasting else {"count": 1})}
    bench.fleet.simulator.at_control("POST", "/faults", rule)
    try:
        outcome, result = bench.run(use.module, use.options, check=use.check, reads=only_reads(use.module))
        (hit,) = bench.fleet.simulator.at_control("GET", "/faults")["faults"]
    finally:
        bench.fleet.simulator.at_control("DELETE", "/faults")
    assert hit["hits"] >= 1, "the fault was not met: the endpoint is not used as the table says"
    assert outcome == use.outcomes[fault][lasting], result
    if use.done is None:
        return
    assert use.done(bench.fleet) == (outcome == "success")
    if outcome == "success":
        assert result["changed"] is True


def test_every_module_stands_in_the_table() -> None:
    used = {use.module for uses in USES.values() for use in uses}
    assert used | WAITS == set(MODULES)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"wrong shape", "html 200", "500", "redirect"}))
def test_a_wait_outlasts_what_passes(bench: FaultyBench, fault: str) -> None:
    upgrade_mode_off(bench.fleet)
    rule = {"method": CLUSTER[0], "route": CLUSTER[1], "fault": FAULTS[fault], "count": 4}
    bench.fleet.simulator.at_control("POST", "/faults", rule)
    try:
        outcome, result = bench.run(
            "cluster_wait", {"state": "STABLE", "wait_timeout": 20, "wait_delay": 0.05}, reads=True
        )
    finally:
        bench.fleet.simulator.at_control("DELETE", "/faults")
    assert outcome == "success", result
    assert result["cluster"]["state"] == "STABLE"


@pytest.mark.long
@pytest.mark.parametrize("module", ["cluster_info", "cluster_wait", "rolling_upgrade", "rolling_upgrade_plan"])
def test_an_entry_address_that_is_dead_for_half_a_minute_ends_nothing(bench: FaultyBench, module: str) -> None:
    (scenario, *_others) = (each for each in SCENARIOS if each.module == module)
    upgrade_mode_off(bench.fleet)
    back = threading.Timer(30, bench.fleet.simulator.at_control, ["PUT", "/entry", {"listening": True}])
    bench.fleet.simulator.at_control("PUT", "/entry", {"listening": False})
    back.start()
    result = bench.fleet.run(module, scenario.options, check=True)
    back.join()
    assert not result.get("failed"), result


def test_every_endpoint_that_is_used_stands_in_the_table(bench: FaultyBench) -> None:
    for uses in USES.values():
        for use in uses:
            use.prepare(bench.fleet)
            bench.fleet.listen()
            bench.run(use.module, use.options, check=use.check, reads=only_reads(use.module))
            asked = {(entry["method"], entry["route"]) for entry in bench.fleet.heard()}
            assert asked <= set(USES), f"{use.module} uses an endpoint without a row"
