# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

import pytest
from ansible_collections.bitbucket.datacenter.plugins.plugin_utils._run import has_ended, this_run

if not pathlib.Path("/proc/self/ns/pid").is_symlink():
    pytest.skip("only Linux shows its processes in /proc", allow_module_level=True)


def of_process(pid):
    """As a run whose ansible-playbook is this process would describe itself."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return {**this_run(), "pid": pid, "started": stat.rpartition(")")[2].split()[19]}


@pytest.fixture
def process():
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    yield started
    started.kill()
    started.wait()


def test_a_run_is_the_parent_of_its_workers():
    assert this_run()["pid"] == os.getppid()
    assert this_run() == this_run()
    assert str(os.getppid()) in this_run()["run"].split("/")
    assert not has_ended(this_run())


def test_the_same_number_at_another_time_is_another_run(process):
    described = of_process(process.pid)
    assert not has_ended(described)
    assert has_ended({**described, "started": "1"})


def test_a_run_that_was_killed_has_ended(process):
    described = of_process(process.pid)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    # a zombie, until its parent reads how it has ended
    assert has_ended(described)
    process.wait()
    assert has_ended(described)


@pytest.mark.parametrize("field", ["host", "boot", "namespace"])
def test_nothing_is_known_of_another_machine_boot_or_container(process, field):
    described = of_process(process.pid)
    process.kill()
    process.wait()
    assert has_ended(described)
    assert not has_ended({**described, field: "another"})
    del described[field]
    assert not has_ended(described)


@pytest.mark.parametrize("holder", [{}, {"host": "x"}, {"pid": 1}])
def test_nothing_is_known_of_who_does_not_say_it(holder):
    assert not has_ended(holder)
    assert not has_ended({**{name: this_run()[name] for name in ("host", "boot", "namespace")}, **holder})


def test_nothing_is_known_without_proc(process, tmp_path):
    described = of_process(process.pid)
    process.kill()
    process.wait()
    assert not has_ended(described, proc=tmp_path)
    assert this_run(proc=tmp_path)["run"] == f"{described['host']}/{os.getppid()}"


def test_a_process_that_proc_hides_goes_on(process, tmp_path):
    """As with hidepid, which hides the processes of others."""
    described = of_process(process.pid)
    (tmp_path / "sys" / "kernel" / "random").mkdir(parents=True)
    (tmp_path / "sys" / "kernel" / "random" / "boot_id").write_text(described["boot"], encoding="ascii")
    (tmp_path / "self" / "ns").mkdir(parents=True)
    (tmp_path / "self" / "ns" / "pid").symlink_to(described["namespace"])
    assert not has_ended(described, proc=tmp_path)
    process.kill()
    process.wait()
    assert has_ended(described, proc=tmp_path)
