# Run as: sh -c "$(cat kept.sh this)" creel-install
# Standard input: two lines for change_secrets; then a tar archive with quadlet/**, creel-secrets.service, openclaw.json and, for a new agent,
# workspace/**. May be cut off anywhere and run again. Starts nothing.
# Before it stands what the host's system says of itself, see services/system: its paths in capitals, put and reload_units.
set -eu
umask 077
IFS= read -r expected
IFS= read -r secrets

# Two installers at once would mix their files.
exec 9>/run/creel-install.lock
flock 9
stage=/run/creel-install
rm -rf "$stage"
mkdir "$stage"
trap 'rm -rf "$stage"' EXIT
tar -x -C "$stage" -f -

if ! QUADLET_UNIT_DIRS="$stage/quadlet" "$QUADLET_GENERATOR" -dryrun >/dev/null 2>"$stage/complaint"; then
  cat "$stage/complaint" >&2
  exit 65
fi

change_secrets "$expected" "$secrets"

stage_outside
trap 'rm -rf "$stage" "$outside"' EXIT
install -d -m 0700 -o 1000 -g 1000 "$data" /var/cache/openclaw

# Golden images bring an empty database: making its tables takes a third of a gateway's first start. What is there is never replaced.
first=$IMAGE/openclaw-state
state=$data/state
if [ -d "$first" ] && ! is_there "$state"; then
  mkdir "$outside/state"
  install -m 0600 -o 1000 -g 1000 "$first/openclaw.sqlite" "$outside/state/openclaw.sqlite"
  chown 1000:1000 "$outside/state"
  mv -T "$outside/state" "$state" 2>/dev/null || is_there "$state"
fi

# What an agent has made of its workspace is its own.
if [ -d "$stage/workspace" ] && ! is_there "$data/workspace"; then
  chmod -R u=rwX,go= "$stage/workspace"
  cp -R "$stage/workspace" "$outside/workspace"
  chown -R 1000:1000 "$outside/workspace"
  mv -T "$outside/workspace" "$data/workspace" 2>/dev/null || is_there "$data/workspace"
fi

put_config "$stage/openclaw.json"
rm -f "$own/before.json"

umask 022
put creel-secrets.service "$UNITS/creel-secrets.service"
put quadlet/openclaw-gateway.container "$QUADLETS/openclaw-gateway.container"
put quadlet/openclaw-gateway.container.d/50-host.conf "$QUADLETS/openclaw-gateway.container.d/50-host.conf"
reload_units
