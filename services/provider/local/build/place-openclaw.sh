#!/bin/sh
# place-openclaw.sh TREE FOLDER NODE: what fetch-openclaw.sh has left in FOLDER goes where a global install in TREE would have put it, with the
# program NODE to run it. FOLDER goes.
set -eu
tree=$1 folder=$2 node=$3
modules=$folder/stage/node_modules
program=$(readlink "$modules/.bin/openclaw")
rm -r "$modules/.bin" "$modules/.package-lock.json"
mv -T "$modules" "$tree/usr/local/lib/node_modules"
ln -s "../lib/node_modules/${program#../}" "$tree/usr/local/bin/openclaw"
install -m 0755 "$node" "$tree/usr/local/bin/node"
rm -r "$folder"
