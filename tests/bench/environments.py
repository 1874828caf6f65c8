"""Programs we compare ourselves with, each in an environment of its own that is kept between runs."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.home import PROJECT
from tests.bench.results import BENCH, step

INSTALL_WITHIN = 300.0


class NotInstalled(Exception):
    """A program could not be installed, or does not run; the message says why."""


def python_with(name: str, packages: Sequence[str]) -> Path:
    """The python of an environment that has these packages, made where there is none. Raises `NotInstalled`."""
    environment = BENCH / name
    python, mark = environment / "bin" / "python", environment / "packages.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = "\n".join((*packages, version))
    if not mark.exists() or mark.read_text() != wanted:
        step(f"installing {packages[0]} into an environment of its own")
        shutil.rmtree(environment, ignore_errors=True)
        uv = run("sh", str(PROJECT / "deploy" / "setup" / "uv.sh"))
        run(uv, "venv", "--quiet", "--python", version, str(environment))
        run(uv, "pip", "install", "--quiet", "--python", str(python), *packages)
        mark.write_text(wanted)
    return python


def run(*argv: str, environment: Mapping[str, str] | None = None, within: float = INSTALL_WITHIN) -> str:
    """What a program printed. Raises `NotInstalled` where it fails, or takes longer than `within` seconds."""
    try:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True, timeout=within)
    except subprocess.CalledProcessError as error:
        raise NotInstalled(f"{' '.join(argv[:3])}: {error.stderr.strip()[-500:]}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)) from None
    return done.stdout.strip()
