"""Does what README's «By hand» says, word for word, against the house that runs: `python -m tests.by_hand`."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from deploy.local.board import read_board
from deploy.local.home import PROJECT, Home
from shared.settings import PORTS

SECTION = re.compile(r"^### By hand$(.*?)^##", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
WITHIN = 120.0


def blocks() -> tuple[str, str]:
    """The two blocks of commands: up to the request, and what follows from its answer; at the ports there are."""
    section = SECTION.search((PROJECT / "README.md").read_text(encoding="utf-8"))
    assert section is not None, "README has no section «By hand»"
    found = BLOCK.findall(section[1])
    assert len(found) == 2, f"«By hand» has {len(found)} blocks of commands"
    taken = {row.name: row.port for row in read_board(Home.usual().board).rows}
    for service, usual in PORTS.items():
        found = [block.replace(f" {usual}/", f" {taken.get(service) or usual}/") for block in found]
    return found[0], found[1]


def run(script: str, **given: str) -> list[dict[str, Any]]:
    """The JSON answers of the doors, one a line. A problem, or a command that fails, ends it."""
    answers = answered(script, **given)
    refused = [answer for answer in answers if is_problem(answer)]
    assert not refused, refused
    return answers


def answered(script: str, **given: str) -> list[dict[str, Any]]:
    """The JSON answers of the doors, problems among them. A command that fails ends it."""
    environment = os.environ | given | {"PATH": f"{PROJECT}/.venv/bin:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        check=False,
        env=environment,
        text=True,
        capture_output=True,
        timeout=WITHIN,
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def read(script: str, seen: Callable[[dict[str, Any]], bool], **given: str) -> dict[str, Any]:
    """What a door shows, once it is what was done at another: a person looks again, too."""
    deadline = time.monotonic() + WITHIN
    while True:
        (answer,) = answered(script, **given)
        if seen(answer):
            return answer
        assert time.monotonic() < deadline, answer


def main() -> None:
    """Both blocks; the ids go from the first to the second, as a person would carry them."""
    first, second = blocks()
    hired, *_, registered = run(first)
    functions = "\n".join(line for line in first.splitlines() if "() {" in line)
    ids = {"specialist_id": hired["specialist_id"], "request_id": registered["request_id"]}
    assignment, *deeds, timeline, statement = (f"{functions}\n{line}" for line in second.splitlines())
    read(assignment, lambda found: not is_problem(found), **ids)
    run("\n".join(deeds), **ids)
    read(timeline, verdict_met, **ids)
    assert run(statement, **ids)[0]["base"] == "70000.00"


def is_problem(answer: dict[str, Any]) -> bool:
    """Whether a door refused."""
    return "status" in answer and "type" in answer


def verdict_met(timeline: dict[str, Any]) -> bool:
    """Whether the clocks know that the accountant is content."""
    return {clock["clock"]: clock["state"] for clock in timeline["obligations"]}.get("verdict") == "met"


if __name__ == "__main__":
    main()
