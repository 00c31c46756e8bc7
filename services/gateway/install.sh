# Run as: sh -c "$(cat this)" creel-install
# Standard input: one line, the secrets as JSON for a host that has none yet; then a tar archive with
# quadlet/**, creel-secrets.service and openclaw.json. May be cut off anywhere and run again. Starts nothing.
set -eu
umask 077
IFS= read -r secrets

# Two installers at once would mix their files.
exec 9>/run/creel-install.lock
flock 9
stage=/run/creel-install
rm -rf "$stage"
mkdir "$stage"
trap 'rm -rf "$stage"' EXIT
tar -x -C "$stage" -f -

if ! QUADLET_UNIT_DIRS="$stage/quadlet" /usr/libexec/podman/quadlet -dryrun >/dev/null 2>"$stage/complaint"; then
  cat "$stage/complaint" >&2
  exit 65
fi

# Keeps what is there, unless this machine cannot read it: then nobody ever will.
credential=/etc/credstore.encrypted/creel-gateway.json
if ! systemd-creds decrypt --name=creel-gateway.json "$credential" - >/dev/null 2>&1; then
  mkdir -p -m 0700 "${credential%/*}"
  # printf is built into the shell: the secrets are in no argument list.
  printf '%s' "$secrets" | systemd-creds encrypt --with-key=host --name=creel-gateway.json - "$credential.part"
  sync "$credential.part"
  mv "$credential.part" "$credential"
fi

# put FILE TARGET MODE OWNER: by rename, and only when something changes. The mark outlives a run that ends before systemd was told.
reload=/run/creel-install.reload
put() {
  if cmp -s "$stage/$1" "$2"; then return; fi
  case $2 in /etc/*) : >"$reload" ;; esac
  install -D -m "$3" -o "$4" -g "$4" "$stage/$1" "$2.part"
  mv "$2.part" "$2"
}
install -d -m 0700 -o 1000 -g 1000 /var/lib/openclaw /var/cache/openclaw
# Golden images bring an empty database: making its tables takes a third of a gateway's first start. What is there is never replaced.
first=/usr/lib/creel/openclaw-state
if [ -d "$first" ] && ! [ -e /var/lib/openclaw/state ]; then
  rm -rf /var/lib/openclaw/state.part
  install -D -m 0600 -o 1000 -g 1000 "$first/openclaw.sqlite" /var/lib/openclaw/state.part/openclaw.sqlite
  chown 1000:1000 /var/lib/openclaw/state.part
  mv -T /var/lib/openclaw/state.part /var/lib/openclaw/state
fi
put openclaw.json /var/lib/openclaw/openclaw.json 0600 1000
put creel-secrets.service /etc/systemd/system/creel-secrets.service 0644 0
umask 022
put quadlet/openclaw-gateway.container /etc/containers/systemd/openclaw-gateway.container 0644 0
put quadlet/openclaw-gateway.container.d/50-host.conf /etc/containers/systemd/openclaw-gateway.container.d/50-host.conf 0644 0
if [ -e "$reload" ]; then
  systemctl daemon-reload
  rm "$reload"
fi
