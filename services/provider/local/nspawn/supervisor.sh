#!/bin/sh
# supervisor.sh CGROUP IMAGE_ROOT FOLDER MACHINE NETNS: keeps one host running, through its reboots, until it powers off. Lives on
# without Creel; ends when CGROUP is killed. Needs a mount namespace of its own. Says "mounted" on descriptor 3 once the host's disk is there.
# FOLDER is the working directory, in which it stays when the folder is moved: its path is not used, and tells people which one it was.
set -eu
cgroup=$1 image=$2 machine=$4 netns=$5
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

# The host's name servers are this machine's, at every boot and after every change. Written in place: this very file is mounted into the
# host and its containers.
resolver=${0%/*}/resolver.sh
follow_resolver() {
  wanted=$(sh "$resolver" 2>/dev/null) || return 0
  [ "$wanted" = "$(cat resolv.conf)" ] || printf '%s\n' "$wanted" >resolv.conf
}
umask 022
touch resolv.conf
# In a group of its own, so that nothing of it outlives the host. Nor does the host outlive its keeper, when systemd-nspawn was killed.
mkdir -p "$cgroup/follower"
trap 'for part in guest follower; do echo 1 > "$cgroup/$part/cgroup.kill" || :; done 2>/dev/null' EXIT
(
  sh -c 'echo $PPID' > "$cgroup/follower/cgroup.procs"
  exec 3>&-
  while sleep 5; do follow_resolver || :; done
) &

mkdir -p work root containers
mount -t overlay overlay -o "lowerdir=$image,upperdir=upper,workdir=work" root
echo mounted >&3 || :
exec 3>&-

export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes
while :; do
  # A control group that has been used is not used again.
  if [ -d "$cgroup/guest" ]; then find "$cgroup/guest" -depth -type d -exec rmdir {} +; fi
  mkdir "$cgroup/guest"
  follow_resolver
  status=0
  # Where the folder is now: the shell remembers where it was.
  here=$(readlink "/proc/$$/cwd")
  # Podman's storage must not lie on an overlay, so it gets a directory of the machine's own file system.
  # shellcheck disable=SC2016
  sh -c 'echo $$ > "$0"; exec "$@"' "$cgroup/guest/cgroup.procs" \
    systemd-nspawn --quiet --settings=no --register=no --keep-unit --boot --directory=root --machine="$machine" \
    --capability=all --system-call-filter='add_key keyctl bpf' --network-namespace-path="$netns" \
    --bind="$here/containers:/var/lib/containers" --bind-ro="$here/resolv.conf:/etc/resolv.conf" --resolv-conf=off --console=read-only systemd.show_status=yes || status=$?
  # 133 is a reboot that the host itself has asked for.
  [ "$status" -eq 133 ] || exit "$status"
done
