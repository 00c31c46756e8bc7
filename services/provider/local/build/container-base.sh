#!/bin/sh
# container-base.sh TARGET SUITE PACKAGES [MIRROR]: the Debian part of the gateway's container image, with user node (1000).
set -eu
target=$1 suite=$2 packages=$3
shift 3

mmdebstrap --mode=root --variant=minbase --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$target" "$@"

chroot "$target" useradd --uid 1000 --user-group --create-home --shell /bin/bash node
install -d -o 1000 -g 1000 -m 0700 "$target/home/node/.openclaw"
install -d -o 1000 -g 1000 -m 0755 "$target/var/cache/openclaw"
