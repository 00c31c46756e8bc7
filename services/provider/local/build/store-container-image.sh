#!/bin/sh
# store-container-image.sh ROOTFS IMAGE tree TREE [CHANGE…] | store-container-image.sh ROOTFS IMAGE pull REFERENCE
# Puts the gateway's container image into ROOTFS as a read-only additional image store. Needs a mount namespace of its own.
set -eu
rootfs=$1 image=$2 how=$3 source=$4
shift 4

# Podman wants its root to be a mount point.
mount --bind "$rootfs" "$rootfs"
mount -t proc proc "$rootfs/proc"
mount -t sysfs sysfs "$rootfs/sys"
mount -t cgroup2 cgroup2 "$rootfs/sys/fs/cgroup"
mount --rbind /dev "$rootfs/dev"
mount -t tmpfs tmpfs "$rootfs/run"

podman() {
  # TMPDIR lies on the disk: /tmp may be too small for a whole container image.
  chroot "$rootfs" env TMPDIR=/var/tmp CONTAINERS_STORAGE_CONF=/dev/null podman --storage-driver overlay \
    --root /usr/lib/containers/storage --runroot /run/build --tmpdir /run/build-tmp --cgroup-manager cgroupfs --events-backend none "$@"
}

case $how in
  tree)
    tar -C "$source" --numeric-owner --exclude=./dev/* --exclude=./proc/* --exclude=./sys/* --exclude=./tmp/* -cf - . | podman import "$@" - "$image" ;;
  pull)
    mkdir -p "$rootfs/run/systemd/resolve"
    cp -L /etc/resolv.conf "$rootfs/run/systemd/resolve/stub-resolv.conf"
    podman pull "$source"
    podman tag "$source" "$image" ;;
esac
podman image exists "$image"
# Podman's own database belongs to this build, not to the image store.
rm -rf "$rootfs/usr/lib/containers/storage/libpod" "$rootfs"/usr/lib/containers/storage/db.sql*
