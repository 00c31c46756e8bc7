#!/bin/sh
# fetch-openclaw.sh FOLDER VERSION LOCK_FILE NODE: the npm package openclaw and its plugin for Discord in FOLDER/stage/node_modules, with exactly
# the packages that LOCK_FILE names, none of whose code runs. What LOCK_FILE lacks, or all of it, is added as it is newest today. npm is run by the
# program NODE, without rights, in a tree that has nothing of this machine but its /usr. Everything belongs to user 1000.
set -eu
folder=$1 version=$2 lock=$3 node=$4
tree=$folder/tree
mkdir -p "$tree"
. "${0%/*}/in-tree.sh"
make_tree
enter_tree
install -d -o 1000 -g 1000 "$folder/stage" "$tree/stage"
mount --bind -o nosuid,nodev "$folder/stage" "$tree/stage"

# What npm needs of this machine: npm itself, and how to reach the registry. It all lies in memory and goes with this script.
npm_folder=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir "$tree/run/npm"
mount --bind -o ro "$npm_folder" "$tree/run/npm"
: >"$tree/run/node"
mount --bind -o ro "$node" "$tree/run/node"
cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
echo 'hosts: files dns' >"$tree/etc/nsswitch.conf"
echo 'node:x:1000:1000::/tmp:/bin/sh' >"$tree/etc/passwd"
# Debian's npm finds its libraries in /usr/share/nodejs. What npm keeps on the way can be more than fits into memory.
set -- PATH=/usr/bin:/bin HOME=/tmp NODE_PATH=/usr/share/nodejs npm_config_cache=/stage/cache "npm_config_registry=$(npm config get registry)"
give() {
  if [ -f "$2" ]; then install -m 0400 -o 1000 -g 1000 "$2" "$tree/run/$1"; fi
}
give npmrc "$(npm config get userconfig)"
give ca.pem "$(npm config get cafile)"
give extra-ca.pem "${NODE_EXTRA_CA_CERTS:-}"
set -- "$@" npm_config_userconfig=/run/npmrc
if [ -f "$tree/run/ca.pem" ]; then set -- "$@" npm_config_cafile=/run/ca.pem; fi
if [ -f "$tree/run/extra-ca.pem" ]; then set -- "$@" NODE_EXTRA_CA_CERTS=/run/extra-ca.pem; fi
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  eval "value=\${$name:-}"
  if [ -n "$value" ]; then set -- "$@" "$name=$value"; fi
done

npm_here() {
  as_node "$@" --prefix /stage --ignore-scripts --install-strategy=shallow --omit-lockfile-registry-resolved \
    --no-audit --no-fund --no-progress --no-update-notifier --engine-strict=false
}
# What is in there is read and written by the user whose it is.
keep_as() {
  as_node PATH=/usr/bin:/bin tee "/stage/$1" >/dev/null
}
printf '{"name":"openclaw-gateway","private":true,"dependencies":{"openclaw":"%s"}}\n' "$version" | keep_as package.json
if [ ! -s "$lock" ]; then
  npm_here "$@" /run/node /run/npm/bin/npm-cli.js install --package-lock-only
  as_node PATH=/usr/bin:/bin cat /stage/package-lock.json >"$lock"
fi
keep_as package-lock.json <"$lock"
npm_here "$@" /run/node /run/npm/bin/npm-cli.js ci

# Not every version of OpenClaw has one.
if ! grep -q '"@openclaw/discord": {' "$lock" &&
  npm_here "$@" /run/node /run/npm/bin/npm-cli.js view "@openclaw/discord@$version" version --json | grep -q '"code": "E404"'; then
  echo "There is no plugin for Discord of version $version."
  exit 0
fi
# The plugin brings all of its packages in its own archive, so that one checksum pins them. They are not the ones that npm would choose for them, and
# npm ci takes them for a mistake.
as_node "$@" mkdir -p /stage/plugin /stage/node_modules/@openclaw/discord
npm_here "$@" /run/node /run/npm/bin/npm-cli.js pack "@openclaw/discord@$version" --pack-destination /stage/plugin
as_node "$@" sh -c 'mv /stage/plugin/*.tgz /stage/plugin.tgz'
as_node PATH=/usr/bin:/bin /run/node --input-type=module --eval "$(cat "${0%/*}/pin-plugin.mjs")" \
  /stage/package-lock.json @openclaw/discord "$version" /stage/plugin.tgz
as_node PATH=/usr/bin:/bin cat /stage/package-lock.json >"$lock"
as_node PATH=/usr/bin:/bin tar -x -z --no-same-owner --strip-components=1 -C /stage/node_modules/@openclaw/discord -f /stage/plugin.tgz
