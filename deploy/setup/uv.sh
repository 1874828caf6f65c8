#!/bin/sh
# Prints the path of uv; installs it first where there is none: with pip into a folder of its own
# (build/uv; a system whose Python is "externally managed" allows that), or into a virtual environment.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
own="$here/build/uv"

for found in "$(command -v uv || true)" "$own/bin/uv" "$HOME/.local/bin/uv"; do
    if [ -n "$found" ] && "$found" --version >/dev/null 2>&1; then
        echo "$found"
        exit 0
    fi
done

python=$(command -v python3 || true)
if [ -z "$python" ]; then
    sh "$here/deploy/setup/apt.sh" python3 python3-venv >&2
    python=$(command -v python3)
fi
if ! "$python" -m pip --version >/dev/null 2>&1 && ! "$python" -c 'import ensurepip' 2>/dev/null; then
    sh "$here/deploy/setup/apt.sh" python3-venv >&2
fi

echo "Устанавливается uv в $own" >&2
if "$python" -m pip --version >/dev/null 2>&1; then
    PIP_BREAK_SYSTEM_PACKAGES=1 "$python" -m pip install --quiet --target "$own" uv >&2
else
    "$python" -m venv "$own" >&2
    "$own/bin/pip" install --quiet uv >&2
fi
"$own/bin/uv" --version >&2
echo "$own/bin/uv"
