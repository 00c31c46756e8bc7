#!/bin/sh
# supervisor.sh CGROUP SNAPSHOT_ROOT FOLDER MACHINE NETNS: keeps one host running, through its reboots, until it powers off. Lives on
# without Creel; ends when CGROUP is killed. Needs a mount namespace of its own. Says "mounted" on descriptor 3 once the host's disk is there.
set -eu
cgroup=$1 snapshot=$2 folder=$3 machine=$4 netns=$5
# Creel may be gone by the time it is told.
trap '' PIPE

mkdir -p "$cgroup/keeper"
echo $$ > "$cgroup/keeper/cgroup.procs"
if [ -d /sys/fs/cgroup/unified ]; then
  # systemd inside the host wants to see nothing but cgroup v2.
  umount -R /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  cgroup=/sys/fs/cgroup${cgroup#/sys/fs/cgroup/unified}
fi

mkdir -p "$folder/work" "$folder/root" "$folder/containers"
mount -t overlay overlay -o "lowerdir=$snapshot,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
echo mounted >&3 || :
exec 3>&-

export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes
while :; do
  # A control group that has been used is not used again.
  if [ -d "$cgroup/guest" ]; then find "$cgroup/guest" -depth -type d -exec rmdir {} +; fi
  mkdir "$cgroup/guest"
  status=0
  # Podman's storage must not lie on an overlay, so it gets a directory of the machine's own file system.
  # shellcheck disable=SC2016
  sh -c 'echo $$ > "$0"; exec "$@"' "$cgroup/guest/cgroup.procs" \
    systemd-nspawn --quiet --settings=no --register=no --keep-unit --boot --directory="$folder/root" --machine="$machine" \
    --capability=all --system-call-filter='add_key keyctl bpf' --network-namespace-path="$netns" \
    --bind="$folder/containers:/var/lib/containers" --resolv-conf=off --console=read-only systemd.show_status=yes || status=$?
  # 133 is a reboot that the host itself has asked for.
  [ "$status" -eq 133 ] || exit "$status"
done
