#!/bin/sh
# warm-compile-cache.sh TREE PORT FIRST_STATE [NAME=VALUE…]: runs the gateway once inside TREE, with the environment it will have on a host, until
# it is ready, and stops it, so that Node's compile cache is in the tree. Leaves FIRST_STATE, the database of a gateway that has never
# run. Needs mount, pid and network namespaces of its own.
set -eu
tree=$1 port=$2 first_state=$3
shift 3
. "${0%/*}/in-tree.sh"
enter_tree

# The state of this run must not end up in the image.
mount -t tmpfs -o mode=0700,uid=1000,gid=1000 tmpfs "$tree/home/node/.openclaw"
ip link set lo up

# What a host's configuration says (services/gateway/openclaw-config.ts): OpenClaw looks for old state once more when it says something else.
cat > "$tree/home/node/.openclaw/openclaw.json" <<JSON
{"gateway":{"mode":"local","port":$port,"bind":"loopback",
"auth":{"mode":"token","token":{"source":"file","provider":"creel","id":"/gatewayToken"}},"controlUi":{"enabled":false}},
"secrets":{"providers":{"creel":{"source":"file","path":"/run/creel-secrets/gateway.json","mode":"json"}}},
"update":{"checkOnStart":false},"models":{"catalogRefresh":{"enabled":false}},
"logging":{"level":"warn","consoleLevel":"info","maxFileBytes":1000000}}
JSON
install -d -o 1000 -g 1000 -m 0500 "$tree/run/creel-secrets"
echo '{"gatewayToken":"only-for-this-run"}' > "$tree/run/creel-secrets/gateway.json"
chown 1000:1000 "$tree/run/creel-secrets/gateway.json"
chmod 0400 "$tree/run/creel-secrets/gateway.json"
chown 1000:1000 "$tree/home/node/.openclaw/openclaw.json"

# The package was installed without its scripts; it completes that by itself at the first start, which needs to write beside its files.
as_node "$@" NODE_COMPILE_CACHE= openclaw --version

# The plugin lies among those that OpenClaw brings itself: it trusts them wherever its data comes from, looks for no record of them in that, and
# loads them only when they are configured. One in the agent's data would be a copy for every host, and is refused where its files are hard links.
# Its packages stay outside: OpenClaw takes every script below its own dist for a module.
as_node "$@" sh -euc '
  cd /usr/local/lib/node_modules
  plugin=openclaw/dist/extensions/discord
  if ! [ -f @openclaw/discord/openclaw.plugin.json ] || [ -e "$plugin" ]; then exit 0; fi
  mkdir "$plugin"
  find @openclaw/discord -mindepth 1 -maxdepth 1 ! -name node_modules -exec mv -t "$plugin" {} +
  ln -s ../../../../@openclaw/discord/node_modules "$plugin/node_modules"'
chown -Rh 0:0 "$tree/usr/local/lib/node_modules"
chmod -R u-s,go-ws "$tree/usr/local/lib/node_modules"

as_node "$@" openclaw gateway run &
gateway=$!
for _ in $(seq 600); do
  if as_node "$@" curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz"; then
    # Node writes the cache when the process ends by itself.
    kill -TERM "$gateway"
    wait "$gateway" || true
    test -n "$(ls -A "$tree/var/cache/openclaw/compile")"
    # The gateway's code has been at work in there: its files are read as its own user only.
    first_script=$(cat "${0%/*}/first-state.mjs")
    mkdir -m 0777 "$tree/run/first"
    as_node "$@" NODE_COMPILE_CACHE= node --input-type=module --eval "$first_script" /home/node/.openclaw/state/openclaw.sqlite /run/first/state.sqlite
    as_node "$@" cat /run/first/state.sqlite >"$first_state"
    exit 0
  fi
  kill -0 "$gateway" 2>/dev/null || break
  sleep 0.2
done
echo "The gateway did not become ready while its compile cache was being made." >&2
exit 1
