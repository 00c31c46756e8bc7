# The programs Creel starts, by apt-get. Sourced by scripts/setup.

# What is looked for | Debian and Ubuntu package | why
programs_needed() {
  cat <<'END'
redis-server|redis-server|keeps operations and their journals
restic|restic|makes encrypted backups
rclone|rclone|carries backups to storage
mmdebstrap|mmdebstrap|builds the image that hosts start from
/usr/share/keyrings/debian-archive-keyring.gpg|debian-archive-keyring|proves that the image's packages are Debian's
mkfs.ext4|e2fsprogs|makes the hosts' disks
END
  # Only root can run hosts in containers; everybody else's are virtual machines.
  if [ "$(id -u)" = 0 ]; then
    cat <<'END'
systemd-nspawn|systemd-container|runs local hosts
ip|iproute2|connects local hosts
nft|nftables|lets local hosts reach the internet
END
  fi
  if [ "$tests" = yes ]; then
    cat <<'END'
openssl|openssl|makes certificates for tests
chromium|chromium|opens pages that people see
END
  fi
  if [ "$pictures" = yes ]; then
    cat <<'END'
pngquant|pngquant|makes pictures small
/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf|fonts-dejavu-core|the terminal's letters
/usr/share/fonts/opentype/inter|fonts-inter|the chats' letters
/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf|fonts-noto-color-emoji|the chats' signs
END
  fi
  if [ "$qemu" = yes ] || [ "$(id -u)" != 0 ]; then
    cat <<'END'
qemu-system-x86_64|qemu-system-x86|runs hosts as full virtual machines
qemu-img|qemu-utils|makes their disks
genisoimage|genisoimage|makes the disc with their first configuration
END
  fi
}

is_there() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

set_up_programs() {
  missing=
  while IFS='|' read -r probe package why; do
    if is_there "$probe"; then continue; fi
    missing="$missing $package"
    say "missing: $package ($why)"
  done <<END
$(programs_needed)
END
  if [ -z "$missing" ]; then return 0; fi
  if ! command -v apt-get >/dev/null; then
    say "This system has no apt-get. Install with its own tools what provides:$missing"
    say "Creel knows Debian 12 and 13 and Ubuntu 24.04 best."
    return 1
  fi
  install_missing
}

install_missing() {
  if [ "$(id -u)" = 0 ]; then
    as_root=
  elif as_root=$(sudo_that_works); then
    :
  else
    say "That needs root once. Run this, then try again:"
    say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing"
    say "Run as root, Creel needs no virtual machines (qemu) for local hosts: it uses systemd-nspawn."
    return 1
  fi
  say "installing:$missing"
  # shellcheck disable=SC2086 # words on purpose
  if ! $as_root sh "$root/scripts/setup.d/apt-install.sh" $missing >&2; then
    say "apt-get could not install them; its message is above."
    return 1
  fi
}

# Prints the sudo to use. One that has to ask for a password may do so only where somebody can see the question.
sudo_that_works() {
  command -v sudo >/dev/null || return 1
  if sudo -n true 2>/dev/null; then echo "sudo -n"; return 0; fi
  if [ -t 2 ] && sudo -v; then echo "sudo"; return 0; fi
  return 1
}
