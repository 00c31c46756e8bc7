#!/bin/sh
# rootfs.sh TARGET FILES SUITE PACKAGES [MIRROR]: the golden root filesystem, without the gateway's container image.
# FILES is a colon-separated list of directories copied over it. Meant to run as root in a mount namespace of its own.
set -eu
target=$1 files=$2 suite=$3 packages=$4
shift 4

mmdebstrap --mode=root --variant=minbase --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
  --essential-hook='printf "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n" > "$1/etc/initramfs-tools/conf.d/creel"' \
  --essential-hook='printf "virtio_pci\nvirtio_mmio\nvirtio_blk\nvirtio_net\next4\nisofs\n" > "$1/etc/initramfs-tools/modules"' \
  "$suite" "$target" "$@"

rm -f "$target"/etc/ssh/ssh_host_* "$target/etc/hostname" "$target/etc/resolv.conf"
: > "$target/etc/machine-id"
: > "$target/etc/fstab"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' > "$target/etc/hosts"
rm -rf "$target"/etc/cloud/cloud.cfg.d/*
# Those of the build; a host has its own list.
rm -rf "$target"/etc/apt/sources.list "$target"/etc/apt/sources.list.d/*

old_ifs=$IFS
IFS=:
for tree in $files; do
  cp -R --no-preserve=ownership,mode "$tree/." "$target/"
done
IFS=$old_ifs
ln -s ../run/systemd/resolve/stub-resolv.conf "$target/etc/resolv.conf"

# Interpreting cloud-init's modules from source costs every first boot a good part of a second.
chroot "$target" python3 -m compileall -q /usr/lib/python3 >/dev/null || true

chroot "$target" systemctl enable systemd-networkd systemd-resolved ssh nftables creel-security-updates.timer
# Nothing here is used by a gateway host, and each of them costs boot time or wakes up later to change the system.
chroot "$target" systemctl mask \
  ldconfig.service systemd-firstboot.service systemd-hwdb-update.service systemd-update-done.service \
  systemd-journal-catalog-update.service systemd-machine-id-commit.service systemd-binfmt.service \
  e2scrub_reap.service e2scrub_all.timer fstrim.timer apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service dpkg-db-backup.timer \
  podman-auto-update.timer podman-auto-update.service podman-restart.service podman.socket podman-clean-transient.service \
  getty@.service console-getty.service serial-getty@.service systemd-logind.service \
  cloud-init-hotplugd.socket netavark-dhcp-proxy.socket netavark-dhcp-proxy.service netavark-firewalld-reload.service
chroot "$target" systemctl set-default multi-user.target
# A virtual machine's disk is larger than the image's file system.
mkdir -p "$target/etc/systemd/system/local-fs.target.wants"
ln -s /usr/lib/systemd/system/systemd-growfs-root.service "$target/etc/systemd/system/local-fs.target.wants/"
