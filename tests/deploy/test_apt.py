"""`deploy/setup/apt.sh` with a made-up apt: nothing it installs is started, now or at the next boot."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.local.home import PROJECT

ALLOWING = "#!/bin/sh\nexit 0\n"
COMMANDS = {
    "id": "echo 1000",
    "dpkg-query": "exit 1",
    # Whoever is root here is root of the test's folder alone.
    "sudo": """for word in "$@"; do
    shift
    case "$word" in /usr/sbin/*) word="$ROOT/${word##*/}" ;; esac
    set -- "$@" "$word"
done
exec "$@" """,
    "apt-get": """printf '%s\\n' "$*" >> "$ROOT/asked"
[ "$1" = install ] || exit 0
"$ROOT/policy-rc.d" rabbitmq-server start
echo $? >> "$ROOT/policy-said"
touch "$ROOT/installed"
exit "$(cat "$ROOT/apt-ends-with")" """,
    "systemctl": """case "$1" in
list-unit-files)
    echo "ssh.service enabled enabled"
    ! [ -e "$ROOT/installed" ] || printf 'rabbitmq-server.service enabled\\nepmd.socket enabled\\n' ;;
*) printf '%s\\n' "$*" >> "$ROOT/systemctl" ;;
esac""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The made-up machine: commands in `bin`, and what they were asked."""
    (tmp_path / "bin").mkdir()
    for name, text in COMMANDS.items():
        script = tmp_path / "bin" / name
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    (tmp_path / "apt-ends-with").write_text("0")
    return tmp_path


def apt(root: Path, *packages: str) -> int:
    path = f"{root / 'bin'}:{os.environ['PATH']}"
    script = PROJECT / "deploy" / "setup" / "apt.sh"
    done = subprocess.run(["sh", script, *packages], env={"PATH": path, "ROOT": str(root)}, timeout=30, check=False)
    return done.returncode


def own_policy(root: Path) -> Path:
    policy = root / "policy-rc.d"
    policy.write_text(ALLOWING)
    policy.chmod(0o755)
    return policy


def test_no_service_may_start_while_packages_are_installed(root: Path) -> None:
    assert apt(root, "rabbitmq-server") == 0
    assert (root / "policy-said").read_text() == "101\n"
    assert not (root / "policy-rc.d").exists()


def test_a_policy_that_would_allow_it_is_put_aside_and_back(root: Path) -> None:
    policy = own_policy(root)
    assert apt(root, "rabbitmq-server") == 0
    assert (root / "policy-said").read_text() == "101\n"
    assert policy.read_text() == ALLOWING


def test_what_they_enable_for_the_next_boot_is_disabled_and_nothing_else_is(root: Path) -> None:
    assert apt(root, "rabbitmq-server") == 0
    asked = (root / "systemctl").read_text()
    assert "disable rabbitmq-server.service" in asked
    assert "disable epmd.socket" in asked
    assert "ssh" not in asked


def test_where_apt_fails_it_fails_and_the_policy_is_put_back(root: Path) -> None:
    policy = own_policy(root)
    (root / "apt-ends-with").write_text("100")
    assert apt(root, "rabbitmq-server") == 100
    assert policy.read_text() == ALLOWING
    assert "update" in (root / "asked").read_text()


def test_what_is_there_is_not_asked_for(root: Path) -> None:
    (root / "bin" / "dpkg-query").write_text("#!/bin/sh\necho installed\n")
    assert apt(root, "rabbitmq-server") == 0
    assert not (root / "asked").exists()
