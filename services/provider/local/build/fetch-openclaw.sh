#!/bin/sh
# fetch-openclaw.sh FOLDER VERSION LOCK_FILE NODE: the npm package openclaw in FOLDER/stage/node_modules, with exactly the packages that
# LOCK_FILE names, none of whose code runs. Where there is no LOCK_FILE it is made first, of what is newest today. npm is run by the program
# NODE, without rights, in a tree that has nothing of this machine but its /usr. Everything belongs to user 1000.
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
