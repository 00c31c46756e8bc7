# Run as: sh -c "$(cat this)" creel-host-key prepare | activate FINGERPRINT, with $SSH_DIR, where the keys are, and $SSH_UNIT, which reads them.
# Replaces the SSH host key in two steps. Either may be cut off anywhere and run again.
set -eu
umask 077
key="$SSH_DIR/ssh_host_ed25519_key"
new="$SSH_DIR/ssh_host_ed25519_key.next"

fingerprint() {
  line=$(ssh-keygen -l -E sha256 -f "$1")
  line=${line#*SHA256:}
  printf '%s=' "${line%% *}" | base64 -d | base32 | tr -d '=\n' | tr 'A-Z' 'a-z'
  echo
}

case "$1" in
prepare)
  # Made under another name first: a key that was cut off in the making must not be taken for whole.
  if [ ! -s "$new" ]; then
    rm -f "$new.part" "$new.part.pub"
    ssh-keygen -q -t ed25519 -N '' -C creel -f "$new.part"
    mv "$new.part.pub" "$new.pub"
    sync -f "$new.part"
    mv "$new.part" "$new"
  fi
  fingerprint "$new"
  ;;
activate)
  if [ "$(fingerprint "$key")" != "$2" ]; then
    if [ ! -s "$new" ] || [ "$(fingerprint "$new")" != "$2" ]; then
      echo "no prepared host key has the fingerprint $2" >&2
      exit 3
    fi
    # The public file only informs; sshd reads the private one, whose rename is the switch.
    cp "$new.pub" "$key.pub.part"
    chmod 644 "$key.pub.part"
    mv "$key.pub.part" "$key.pub"
    mv "$new" "$key"
    sync -f "$key"
  fi
  rm -f "$new.pub"
  # Also after an earlier call that was cut off before this line. Open connections stay.
  systemctl reload "$SSH_UNIT"
  ;;
*)
  echo "unknown verb $1" >&2
  exit 2
  ;;
esac
