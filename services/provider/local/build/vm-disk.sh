#!/bin/sh
# vm-disk.sh ROOTFS OUT SIZE_GB: kernel, initrd and a qcow2 disk for virtual machines from the golden root filesystem.
set -eu
rootfs=$1 out=$2 size=$3
mkdir -p "$out"
cp "$rootfs"/boot/vmlinuz-* "$out/vmlinuz"
cp "$rootfs"/boot/initrd.img-* "$out/initrd.img"
truncate -s "${size}G" "$out/rootfs.ext4"
mke2fs -q -t ext4 -L root -E lazy_itable_init=1,lazy_journal_init=1 -O ^metadata_csum_seed -d "$rootfs" "$out/rootfs.ext4"
qemu-img convert -O qcow2 "$out/rootfs.ext4" "$out/disk.qcow2"
rm "$out/rootfs.ext4"
