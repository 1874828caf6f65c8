#!/bin/sh
# Installs the Debian/Ubuntu packages named as arguments, without letting any of them start a system service, now or
# at the next boot. Does nothing where all of them are there.
set -eu

missing=""
for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

fail() {
    echo "Не установлены пакеты:$missing." >&2
    echo "$1" >&2
    echo "Или запустите в контейнерах (docker compose up --build --wait), или укажите свои серверы" >&2
    echo "(SVOY_AMQP_URL=amqp://… SVOY_MONGO_URL=mongodb://… make up)." >&2
    exit 1
}

command -v apt-get >/dev/null || fail "Здесь нет apt-get: поставьте их способом вашей системы."
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "Нужны права root: apt-get install$missing"
    sudo="sudo"
fi

# A package's scripts ask policy-rc.d before they start a service; 101 means no. A policy of this machine's own, which
# might allow it, is put aside meanwhile.
policy=/usr/sbin/policy-rc.d
aside=$policy.before-svoy
forbid_services() {
    trap allow_services EXIT
    trap 'exit 130' HUP INT TERM
    if $sudo test -e "$policy" && ! $sudo test -e "$aside"; then
        $sudo mv "$policy" "$aside"
    fi
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
}
allow_services() {
    $sudo rm -f "$policy"
    ! $sudo test -e "$aside" || $sudo mv "$aside" "$policy"
}

# Packages enable their services for the next boot; rabbitmq-server brings epmd's, too.
enabled() {
    systemctl list-unit-files --state=enabled --no-legend --no-pager 2>/dev/null | awk '{ print $1 }'
}

before=" $(enabled | tr '\n' ' ') "
forbid_services
echo "Устанавливаются:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
install="$sudo apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 $missing"
$install || { $sudo apt-get update && $install; }
for unit in $(enabled); do
    case "$before" in
    *" $unit "*) ;;
    *) $sudo systemctl --quiet disable "$unit" || true ;;
    esac
done
