# Begins every script that writes what a gateway keeps on its host. `stage` is set later: a folder of root's with what Creel has brought.
gateway_unit=openclaw-gateway.service
credential=/etc/credstore.encrypted/creel-gateway.json
data=/var/lib/openclaw
config=$data/openclaw.json
outside=/var/lib/creel-install
delivered=/run/creel-secrets/gateway.json
own=/var/lib/creel/gateway

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

read_credential() { systemd-creds decrypt --name=creel-gateway.json "$credential" - 2>/dev/null; }
can_read_credential() { read_credential >/dev/null; }

# write_credential SECRETS: printf is built into the shell, so the secrets are in no argument list.
write_credential() (
  umask 077
  mkdir -p -m 0700 "${credential%/*}"
  printf '%s' "$1" | systemd-creds encrypt --with-key=host --name=creel-gateway.json - "$credential.part"
  sync "$credential.part"
  mv "$credential.part" "$credential"
)

# change_secrets EXPECTED NEW: EXPECTED is the SHA-256 of what they are, "none", or empty: then what this machine can read stays. What it cannot
# read nobody ever will. Ends with 75 when they are others than expected, because somebody else has changed them: who asks again is told of those.
# Only where they were in memory already do they go there.
change_secrets() {
  if [ -z "$2" ]; then return; fi
  if ! secrets_now=$(read_credential); then
    # A moment ago it could be read.
    case $1 in "" | none) secrets_now= ;; *) exit 75 ;; esac
  fi
  if [ "$secrets_now" != "$2" ]; then
    if [ -n "$secrets_now" ]; then
      if [ -z "$1" ]; then return; fi
      if [ "$(printf '%s' "$secrets_now" | sha256sum)" != "$1  -" ]; then exit 75; fi
    fi
    write_credential "$2"
  fi
  if [ -e "$delivered" ] && [ "$(cat "$delivered")" != "$2" ]; then systemctl restart creel-secrets.service; fi
}

# keep_own FILE NAME: among root's own, by rename.
keep_own() (
  umask 077
  mkdir -p -m 0700 "${own%/*}" "$own"
  install -m 0600 "$1" "$own/$2.part"
  sync "$own/$2.part"
  mv -fT "$own/$2.part" "$own/$2"
)

# What lies in the agent's own folder may have become anything, and may change while we look: a link to a file of the host, a pipe, a
# folder. So nothing in there is opened, followed or given an owner. Files get theirs where the agent cannot look, and are then
# renamed into place, which follows no link. Nobody but root can rename the two folders themselves.
stage_outside() {
  rm -rf "$outside"
  mkdir -m 0700 "$outside"
}

# put_config FILE: also among root's own, which say what to go back to and which secrets are in use. A rename does not replace a folder, which only the agent can have put there: that is moved aside first.
put_config() {
  install -m 0600 -o 1000 -g 1000 "$1" "$outside/openclaw.json"
  sync "$outside/openclaw.json"
  for try in 1 2 3 4 5 last; do
    if mv -fT "$outside/openclaw.json" "$config" 2>"$stage/complaint"; then break; fi
    if [ "$try" = last ]; then cat "$stage/complaint" >&2; exit 73; fi
    mv -fT "$config" "$config.folder.$$.$try" 2>/dev/null || true
  done
  keep_own "$1" openclaw.json
}
