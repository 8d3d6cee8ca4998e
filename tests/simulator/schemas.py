# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of documents that come from outside, against the schemas beside this file."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jsonschema
import yaml

_HERE = Path(__file__).resolve().parent


@functools.cache
def control_schema(definition: str) -> dict[str, Any]:
    """The schema of one kind of document that the control address takes, able to stand alone."""
    schema = yaml.safe_load((_HERE / "control-schema.yml").read_text(encoding="utf-8"))
    return {**schema, "$ref": f"#/$defs/{definition}"}


def faults_in(document: Any, schema: dict[str, Any]) -> list[str]:
    """Every fault with its path; for alternatives, what is wrong with the one whose `kind` was meant."""
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
    found = sorted(validator.iter_errors(document), key=lambda fault: fault.json_path)
    return [text for fault in found for text in _texts(fault)]


def _texts(fault: jsonschema.ValidationError) -> list[str]:
    if fault.validator != "oneOf" or not fault.context:
        return [f"{fault.json_path}: {fault.message}"]
    alternatives: dict[int, list[jsonschema.ValidationError]] = {}
    for inner in fault.context:
        alternatives.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    meant = [errors for errors in alternatives.values() if all("kind" not in error.path for error in errors)]
    if len(meant) != 1:
        return [f"{fault.json_path}: {fault.message}"]
    return [f"{inner.json_path}: {inner.message}" for inner in meant[0]]
