#!/bin/sh
# warm-compile-cache.sh TREE PORT FIRST_STATE [NAME=VALUE…]: runs the gateway once inside TREE, with the environment it will have on a host, until
# it is ready, and stops it, so that Node's compile cache is in the tree. Leaves FIRST_STATE, the database of a gateway that has never
# run. Needs mount, pid and network namespaces of its own.
set -eu
tree=$1 port=$2 first_state=$3
shift 3

mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
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
mount -t tmpfs tmpfs "$tree/run"
install -d -o 1000 -g 1000 -m 0500 "$tree/run/creel-secrets"
echo '{"gatewayToken":"only-for-this-run"}' > "$tree/run/creel-secrets/gateway.json"
chown 1000:1000 "$tree/run/creel-secrets/gateway.json"
chmod 0400 "$tree/run/creel-secrets/gateway.json"
chown 1000:1000 "$tree/home/node/.openclaw/openclaw.json"

# The package was installed without its scripts; it completes that by itself at the first start, which needs to write beside its files.
chroot "$tree" env -i "$@" NODE_COMPILE_CACHE= openclaw --version

chroot --userspec=1000:1000 "$tree" env -i "$@" openclaw gateway run &
gateway=$!
for _ in $(seq 600); do
  if chroot "$tree" curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz"; then
    # Node writes the cache when the process ends by itself.
    kill -TERM "$gateway"
    wait "$gateway" || true
    test -n "$(ls -A "$tree/var/cache/openclaw/compile")"
    cp "${0%/*}/first-state.mjs" "$tree/tmp/"
    chroot "$tree" env -i "$@" NODE_COMPILE_CACHE= node /tmp/first-state.mjs /home/node/.openclaw/state/openclaw.sqlite /tmp/first.sqlite
    cp "$tree/tmp/first.sqlite" "$first_state"
    exit 0
  fi
  kill -0 "$gateway" 2>/dev/null || break
  sleep 0.2
done
echo "The gateway did not become ready while its compile cache was being made." >&2
exit 1
