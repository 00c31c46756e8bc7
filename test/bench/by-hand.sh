#!/bin/bash
# What somebody who knows every detail would type to get from nothing to a ready gateway on a new nspawn host: the baseline for /deploy.
# It boots the same golden image and starts the same units, and checks nothing that it does not need.
# usage: by-hand.sh ROOTFS WORK [ADDRESS]. Prints "ready SECONDS". With ADDRESS, one of this machine that the host then reaches, it goes on: it
# prints "forwarded", and until its standard input ends, WORK/gateway.sock leads to the gateway. On a file system that can carry overlay mounts, WORK already holds
#   upper/  the host's own files, with user-data    key    for SSH    secrets.json  one line
#   files/  quadlet/**, creel-secrets.service and openclaw.json
set -euo pipefail
rootfs=$1 work=$2 address=${3-}
name=byhand$$ net=10.97.$((RANDOM % 250))
mkdir "$work"/{work,root,containers}
cgroups=/sys/fs/cgroup
[ -d $cgroups/unified ] && cgroups=$cgroups/unified
cleanup() {
  set +e
  [ -S "$work/ssh" ] && on -O exit 2>/dev/null
  [ -e "$cgroups/$name" ] && echo 1 > "$cgroups/$name/cgroup.kill"
  for _ in $(seq 100); do
    [ -e "$cgroups/$name" ] || break
    find "$cgroups/$name" -depth -type d -exec rmdir {} + 2>/dev/null
    sleep 0.1
  done
  ip link del "v$$" 2>/dev/null
  ip netns del "$name" 2>/dev/null
}
# A signal alone would let bash end before its children.
trap 'exit 143' INT TERM HUP
trap cleanup EXIT
began=$(date +%s%N)

ip netns add "$name"
ip link add "v$$" type veth peer name host0 netns "$name"
ip addr add "$net.1/30" dev "v$$"
ip link set "v$$" up
ip -n "$name" addr add "$net.2/30" dev host0
ip -n "$name" link set host0 up
ip -n "$name" link set lo up
[ -z "$address" ] || ip -n "$name" route add "$address" via "$net.1"

cat > "$work/inner.sh" <<END
set -e
mount --make-rprivate /
if mountpoint -q /sys/fs/cgroup/unified; then umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; fi
mkdir -p /sys/fs/cgroup/$name
echo \$\$ > /sys/fs/cgroup/$name/cgroup.procs
mount -t overlay overlay -o lowerdir=$rootfs,upperdir=$work/upper,workdir=$work/work $work/root
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes
exec systemd-nspawn --register=no --keep-unit --boot -D $work/root --machine=$name --capability=all \
  --system-call-filter='add_key keyctl bpf' --network-namespace-path=/run/netns/$name \
  --bind=$work/containers:/var/lib/containers --resolv-conf=off --console=read-only
END
setsid unshare -m bash "$work/inner.sh" > "$work/console" 2>&1 < /dev/null &

shared=()
[ -z "$address" ] || shared=(-o ControlMaster=auto -o "ControlPath=$work/ssh" -o ControlPersist=yes)
on() {
  ssh -i "$work/key" "${shared[@]}" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=1 "root@$net.2" "$@"
}
until (exec 3<>"/dev/tcp/$net.2/22") 2>/dev/null; do sleep 0.05; done
tar -C "$work/files" -cf "$work/files.tar" .
push='
  set -e
  mkdir -p -m 700 /etc/credstore.encrypted /run/files
  read -r secret
  printf %s "$secret" | systemd-creds encrypt --with-key=host --name=creel-gateway.json - /etc/credstore.encrypted/creel-gateway.json
  tar -x -C /run/files
  install -d -m 700 -o 1000 -g 1000 /var/lib/openclaw /var/lib/openclaw/state /var/cache/openclaw
  install -m 600 -o 1000 -g 1000 /usr/lib/creel/openclaw-state/openclaw.sqlite /var/lib/openclaw/state/
  install -m 600 -o 1000 -g 1000 /run/files/openclaw.json /var/lib/openclaw/openclaw.json
  cp /run/files/creel-secrets.service /etc/systemd/system/
  cp -r /run/files/quadlet/. /etc/containers/systemd/
  systemctl daemon-reload
  systemctl start openclaw-gateway
  until curl -sf http://127.0.0.1:18789/readyz >/dev/null; do sleep 0.1; done'
# Until cloud-init has put the key there, logging in is refused.
until cat "$work/secrets.json" "$work/files.tar" | on "$push" 2>>"$work/ssh.log"; do sleep 0.05; done
echo "ready $(( ($(date +%s%N) - began) / 1000000 ))" | sed 's/\(.*\)\(...\)$/\1.\2/'
[ -n "$address" ] || exit 0
on -O forward -L "$work/gateway.sock:127.0.0.1:18789"
echo forwarded
read -r _ || true
