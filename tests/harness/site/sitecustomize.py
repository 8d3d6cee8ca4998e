# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spares each module of Ansible the compilation of what it imports, which is about half of its time.

A module travels as a zip archive of sources, and Python keeps nothing of what it compiles from an archive. Here it is
kept in the directory that HARNESS_CODE names, by its content. Nothing else of a module's process changes.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import zipimport
from pathlib import Path
from types import CodeType

_compile = zipimport._compile_source  # type: ignore[attr-defined] # there is no public place to do this


def _kept(path: str, source: bytes) -> CodeType:
    name = f"{hashlib.blake2b(source, digest_size=16).hexdigest()}.{sys.implementation.cache_tag}"
    kept = Path(os.environ["HARNESS_CODE"], name)
    try:
        code: CodeType = marshal.loads(kept.read_bytes())
    except OSError:
        code = _compile(path, source)
        new = kept.with_name(f"{name}.{os.getpid()}")
        new.write_bytes(marshal.dumps(code))
        new.replace(kept)
    return code


if "HARNESS_CODE" in os.environ:
    zipimport._compile_source = _kept  # type: ignore[attr-defined] # as above
