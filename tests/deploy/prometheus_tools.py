"""Prometheus, promtool and amtool: this machine's own, else out of Debian's packages, unpacked into build/tools."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

PACKAGES = ("prometheus", "prometheus-alertmanager")
UNPACKED = Path(__file__).resolve().parents[2] / "build" / "tools" / "prometheus"


def tool(name: str) -> str:
    """The path of `prometheus`, `promtool` or `amtool`; skips the test where it cannot be had."""
    found = shutil.which(name)
    if found is not None:
        return found
    if not UNPACKED.is_dir():
        _unpack()
    return str(UNPACKED / "usr" / "bin" / name)


def run(name: str, *arguments: str | Path) -> str:
    """What `name` says on standard output and error; fails the test where it fails."""
    done = subprocess.run([tool(name), *map(str, arguments)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def _unpack() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("promtool and amtool are not installed, and this is no Debian to fetch them from")
    UNPACKED.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=UNPACKED.parent) as folder:
        fetched = subprocess.run(
            ["apt-get", "download", *PACKAGES], cwd=folder, capture_output=True, text=True, check=False
        )
        if fetched.returncode != 0:
            pytest.skip(f"promtool and amtool are not installed and could not be fetched: {fetched.stderr[-300:]}")
        whole = Path(folder) / "whole"
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, whole], check=True)
        if not UNPACKED.is_dir():
            whole.replace(UNPACKED)
