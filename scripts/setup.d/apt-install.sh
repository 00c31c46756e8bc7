#!/bin/sh
# Installs Debian packages without letting them start anything. Runs as root: apt-install.sh PACKAGE...
set -eu
export DEBIAN_FRONTEND=noninteractive
export LC_ALL=C

# Debian asks this file before a package starts its service; 101 forbids it. Creel starts the Redis it needs by itself.
policy=/usr/sbin/policy-rc.d
had_redis=no
if command -v redis-server >/dev/null; then had_redis=yes; fi
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

log=$(mktemp)
install() {
  apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1
}

# Package lists may be absent or old. Updating may fail for a list that has nothing to do with us, so only the install counts.
if ! install "$@"; then
  updated=yes
  apt-get update -q -o DPkg::Lock::Timeout=120 >"$log.update" 2>&1 || updated=no
  if ! install "$@"; then
    if [ "$updated" = no ]; then tail -n 10 "$log.update"; fi
    tail -n 20 "$log"
    rm -f "$log" "$log.update"
    exit 1
  fi
fi
rm -f "$log" "$log.update"

# The package would also start its own Redis at the next boot.
if [ "$had_redis" = no ] && command -v redis-server >/dev/null && [ -d /run/systemd/system ]; then
  systemctl disable -q redis-server.service || echo "redis-server.service stays enabled; Creel does not need it."
fi
