# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules, each in a process of its own that is forked from this one, which has imported what all of them need.

Takes lines of JSON on standard input, ``{"module": full name, "arguments": {}, "environment": {}}``, and answers each
with one: ``{"returncode": 0, "stdout": "", "stderr": ""}``. Ends with its standard input.
"""

from __future__ import annotations

import io
import json
import os
import runpy
import sys
import tempfile
import typing as t

import ansible.module_utils.basic
import jsonschema
import requests

_IMPORTED = (ansible.module_utils.basic, jsonschema, requests)


def run(module: str, arguments: dict[str, t.Any], environment: dict[str, str]) -> dict[str, t.Any]:
    """One run, waited for."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if child == 0:
            os.dup2(stdout.fileno(), 1)
            os.dup2(stderr.fileno(), 2)
            os.environ.clear()
            os.environ.update(environment)
            text = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
            sys.stdin = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8")
            sys.argv = [module]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            raise SystemExit  # a module that has not ended by itself
        _child, status = os.waitpid(child, 0)
        said = {}
        for name, file in (("stdout", stdout), ("stderr", stderr)):
            file.seek(0)
            said[name] = file.read().decode("utf-8")
    return {"returncode": os.waitstatus_to_exitcode(status), **said}


if __name__ == "__main__":
    for line in sys.stdin:
        answer = json.dumps(run(**json.loads(line)))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
