# Begins every script that writes what a gateway keeps on its host. `stage` is set later: a folder of root's with what Creel has brought.
gateway_unit=openclaw-gateway.service
credential=/etc/credstore.encrypted/creel-gateway.json
data=/var/lib/openclaw
config=$data/openclaw.json
outside=/var/lib/creel-install

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

can_read_credential() { systemd-creds decrypt --name=creel-gateway.json "$credential" - >/dev/null 2>&1; }

# write_credential SECRETS: printf is built into the shell, so the secrets are in no argument list.
write_credential() (
  umask 077
  mkdir -p -m 0700 "${credential%/*}"
  printf '%s' "$1" | systemd-creds encrypt --with-key=host --name=creel-gateway.json - "$credential.part"
  sync "$credential.part"
  mv "$credential.part" "$credential"
)

# What lies in the agent's own folder may have become anything, and may change while we look: a link to a file of the host, a pipe, a
# folder. So nothing in there is opened, followed or given an owner. Files get theirs where the agent cannot look, and are then
# renamed into place, which follows no link. Nobody but root can rename the two folders themselves.
stage_outside() {
  rm -rf "$outside"
  mkdir -m 0700 "$outside"
}

# put_config: a rename does not replace a folder, which only the agent can have put there: that is moved aside first.
put_config() {
  install -m 0600 -o 1000 -g 1000 "$stage/openclaw.json" "$outside/openclaw.json"
  for try in 1 2 3 4 5 last; do
    if mv -fT "$outside/openclaw.json" "$config" 2>"$stage/complaint"; then break; fi
    if [ "$try" = last ]; then cat "$stage/complaint" >&2; exit 73; fi
    mv -fT "$config" "$config.folder.$$.$try" 2>/dev/null || true
  done
}
