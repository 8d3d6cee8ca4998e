# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release archives and installers like the vendor's: the same bytes for the same version and the same sources."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from simulator.version import Version

PACKAGE = Path(__file__).resolve().parent
_EPOCH = 1_700_000_000


def archive_name(version: Version) -> str:
    return f"atlassian-bitbucket-{version}.tar.gz"


def installer_name(version: Version) -> str:
    return f"atlassian-bitbucket-{version}-x64.bin"


def _contents(version: Version) -> Iterator[tuple[str, bytes, int]]:
    """(path below the top folder, content, mode)."""
    yield "version", f"{version}\n".encode(), 0o644
    for script in ("start-bitbucket.sh", "stop-bitbucket.sh"):
        yield f"bin/{script}", (PACKAGE / "dist" / "bin" / script).read_bytes(), 0o755
    for path in sorted(PACKAGE.rglob("*")):
        relative = path.relative_to(PACKAGE)
        program = path.suffix == ".sh" or path.parent.name == "hooks"
        if path.is_file() and (program or path.suffix in (".py", ".yml")) and "__pycache__" not in relative.parts:
            mode = 0o755 if program else 0o644
            yield f"app/simulator/{relative.as_posix()}", path.read_bytes(), mode


def _packed(version: Version) -> bytes:
    top = f"atlassian-bitbucket-{version}"
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content, mode in sorted(_contents(version)):
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), mode, _EPOCH
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), compresslevel=6, mtime=0)


def build_release(version: Version, output_dir: Path) -> tuple[Path, str]:
    """Write the archive (and its .sha256 file); return its path and SHA-256."""
    return _publish(output_dir / archive_name(version), _packed(version))


def build_installer(version: Version, output_dir: Path) -> tuple[Path, str]:
    """Write the installer (and its .sha256 file); return its path and SHA-256."""
    program = (PACKAGE / "dist" / "installer.sh").read_bytes().replace(b"@VERSION@", str(version).encode())
    return _publish(output_dir / installer_name(version), program + _packed(version))


def _publish(path: Path, content: bytes) -> tuple[Path, str]:
    digest = hashlib.sha256(content).hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, content)
    _write(path.with_name(path.name + ".sha256"), f"{digest}  {path.name}\n".encode())
    return path, digest


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def install(archive: Path, version: Version, install_dir: Path) -> Path:
    """Unpack to `<install_dir>/<version>` and let `current` point there."""
    target = install_dir / str(version)
    if not target.exists():
        unpacked = install_dir / f".unpack-{version}"
        unpacked.mkdir(parents=True)
        with tarfile.open(archive) as opened:
            opened.extractall(unpacked, filter="data")
        (unpacked / f"atlassian-bitbucket-{version}").rename(target)
        unpacked.rmdir()
    current = install_dir / "current"
    new = install_dir / ".current"
    new.unlink(missing_ok=True)
    new.symlink_to(str(version))
    new.replace(current)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulator.release", description="Build a release archive of the simulator.")
    parser.add_argument("version", help="the release number, x.y.z")
    parser.add_argument("--output-dir", type=Path, required=True, help="where the archive is written")
    arguments = parser.parse_args()
    try:
        version = Version.parse(arguments.version)
    except ValueError as error:
        parser.error(str(error))
    path, digest = build_release(version, arguments.output_dir)
    print(f"{digest}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
