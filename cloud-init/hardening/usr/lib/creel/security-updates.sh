# Installs Debian's security updates, and restarts what still runs old code, except the gateway: it may be in the middle of a reply, and
# what it runs comes with its container image. A host without a way to Debian's archive is no fault; tomorrow is another day.
set -eu
export DEBIAN_FRONTEND=noninteractive

# A run that was cut off is finished first.
dpkg --configure -a
if ! apt-get update -q -o APT::Update::Error-Mode=any -o Acquire::Retries=1 -o Acquire::http::Timeout=30 >/dev/null 2>&1; then
  echo "Debian's archive cannot be reached; nothing was updated."
  exit 0
fi
unattended-upgrade
apt-get clean

# Services with a program or library that has been replaced on the disk. dbus cannot be restarted without everything else.
for process in /proc/[0-9]*; do
  if ! grep -Eqs ' /usr/.*\(deleted\)$' "$process/maps"; then continue; fi
  sed -n 's|^0::/system\.slice/\(.*/\)\{0,1\}\([^/]*\.service\)\(/.*\)\{0,1\}$|\2|p' "$process/cgroup" 2>/dev/null || true
done | sort -u | while read -r unit; do
  case $unit in openclaw-gateway.service | creel-* | dbus.service | user@*) continue ;; esac
  echo "Restarting $unit, which ran old code."
  systemctl try-restart "$unit" </dev/null || echo "$unit could not be restarted."
done
