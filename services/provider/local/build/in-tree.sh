# Sourced by scripts that run foreign code inside the container tree $tree. It runs as user 1000 without any privilege, sees nothing of this
# machine but a few devices, and has /tmp, /run and /dev/shm of its own. Needs mount, pid, ipc and uts namespaces of its own.

# Makes $tree of this machine's programs and nothing else that is on it, for what has to run before there is a tree of another kind.
make_tree() {
  mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$tree"
  mkdir "$tree/proc" "$tree/sys" "$tree/dev" "$tree/tmp" "$tree/run" "$tree/etc"
  for name in usr bin sbin lib lib32 lib64; do
    if [ -L "/$name" ]; then
      cp -P "/$name" "$tree/$name"
    elif [ -d "/$name" ]; then
      mkdir "$tree/$name"
      mount --bind -o ro,nosuid,nodev "/$name" "$tree/$name"
    fi
  done
}

enter_tree() {
  mount -t proc proc "$tree/proc"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$tree/tmp"
  mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$tree/run"
  mount -t tmpfs -o mode=0755,nosuid tmpfs "$tree/dev"
  for device in null zero full random urandom; do
    : >"$tree/dev/$device"
    mount --bind "/dev/$device" "$tree/dev/$device"
  done
  mkdir -m 1777 "$tree/dev/shm"
  ln -s /proc/self/fd "$tree/dev/fd"
  echo build >/proc/sys/kernel/hostname
}

# as_node [NAME=VALUE…] COMMAND…: with exactly this environment.
as_node() {
  chroot "$tree" setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- env -i "$@"
}
