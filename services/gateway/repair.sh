# Run as: sh -c "$(cat kept.sh this)" creel-repair [refused], while the gateway is stopped. Puts right what holds nothing of the agent, and
# prints a line for each thing that was not right: unit files that are missing are written again, failed units are forgotten, Podman gets a new
# storage when it cannot use its own, and the secrets come into memory again. Standard input: two lines for change_secrets; then a tar archive with
# quadlet/**, creel-secrets.service and, when it is known, openclaw.json. With "refused", or when there is none, Creel's own configuration takes the
# place of the agent's, which is kept. Ends with 66 when it cannot go on without secrets, and with 67 without a configuration. May be cut off
# anywhere and run again.
# Before it stands what the host's system says of itself, see services/system: its paths in capitals, restore and reload_units.
set -eu
IFS= read -r expected
IFS= read -r new_secrets
drop_in=openclaw-gateway.container.d/50-host.conf
storage=/var/lib/containers/storage

stage=/run/creel-repair
rm -rf "$stage"
mkdir -m 0700 "$stage"
trap 'rm -rf "$stage" "$outside"' EXIT
tar -x -C "$stage" -f -

restore quadlet/openclaw-gateway.container "$QUADLETS/openclaw-gateway.container"
restore "quadlet/$drop_in" "$QUADLETS/$drop_in"
restore creel-secrets.service "$UNITS/creel-secrets.service"
if [ -e "$units_changed" ]; then
  reload_units
  echo "its unit files"
fi

# Left by a Podman that was cut off; the next one would not go over it.
rm -f /run/openclaw-gateway.cid
systemctl reset-failed "$gateway_unit" creel-secrets.service 2>/dev/null || true
# Health probes of containers are units named after the container's id; each one that failed has stayed.
systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | grep -E '^[0-9a-f]{64}(-[0-9a-f]+)?\.' | xargs -r systemctl reset-failed || true

# The agent owns these folders, and may have shut itself out of them.
stage_outside
for folder in "$data" /var/cache/openclaw; do
  if [ "$(stat -c %u:%g:%a "$folder" 2>/dev/null)" = 1000:1000:700 ]; then continue; fi
  install -d -m 0700 -o 1000 -g 1000 "$folder"
  echo "the rights on $folder"
done
# As the agent, so that nothing it has put there leads where it could not go itself.
closed=$(setpriv --reuid=1000 --regid=1000 --clear-groups find "$data" -xdev \
  \( -type d ! -perm -0700 -o -type f \( ! -perm -0400 -o -name '*.sqlite*' ! -perm -0600 \) \) \
  -print -exec chmod u+rwX {} \; 2>/dev/null | wc -l)
if [ "$closed" -gt 0 ]; then echo "the rights on what is in $data"; fi

# Also one that is empty, or no file, such as a folder or a link.
if [ "${1:-}" = refused ] || [ -L "$config" ] || ! [ -f "$config" ] || ! [ -s "$config" ]; then
  if ! [ -e "$stage/openclaw.json" ]; then exit 67; fi
  kept=
  if is_there "$config"; then
    kept=$config.refused
    mv -fT "$config" "$kept" 2>/dev/null || { kept=$kept.$(date +%s) && mv -fT "$config" "$kept"; }
  fi
  change_secrets "$expected" "$new_secrets"
  put_config "$stage/openclaw.json"
  rm -f "$own/before.json"
  echo "its configuration${kept:+ (the old one is $kept)}"
fi

# Proves all of it: database, layers, locks, the container image and what runs containers.
works() {
  timeout 60 podman run --rm --replace --name=openclaw-gateway --pull=never --network=none --read-only --entrypoint=/bin/true "$image"
}
image=$(sed -n 's/^Image=//p' "$QUADLETS/$drop_in" | tail -n 1)
complaint=$stage/complaint
if ! works >/dev/null 2>"$complaint"; then
  # The container image is in a store of its own. Whatever else was in this one is kept aside, once.
  sed -n "s|^[^ ]* \\($storage/[^ ]*\\) .*|\\1|p" /proc/mounts | sort -r | xargs -r -n 1 umount -l
  if [ -e "$storage" ]; then
    rm -rf "$storage.broken"
    mv -T "$storage" "$storage.broken"
  fi
  rm -rf /run/containers/storage /run/libpod /dev/shm/libpod_lock
  if ! works >/dev/null 2>"$complaint"; then
    cat "$complaint" >&2
    exit 70
  fi
  echo "Podman's storage"
fi

if ! [ -s "$delivered" ]; then
  what="the secrets in memory"
  if ! can_read_credential && [ -n "$new_secrets" ]; then
    write_credential "$new_secrets"
    # Names of secrets go by the token.
    put_config "$stage/openclaw.json"
    what="its secrets, which this host could not read any more"
  fi
  systemctl restart creel-secrets.service 2>"$complaint" || cat "$complaint" >&2
  if ! [ -s "$delivered" ]; then
    echo "There are no secrets in $credential that this host can read." >&2
    exit 66
  fi
  echo "$what"
fi
