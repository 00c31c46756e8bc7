# Run as: sh -c "$(cat kept.sh this)" creel-go-back. Gives the gateway what it had before put.sh. May be cut off anywhere and run again.
set -eu
umask 077
exec 9>/run/creel-install.lock
flock 9
if ! [ -s "$own/before.json" ]; then exit 0; fi
stage=/run/creel-go-back
rm -rf "$stage"
mkdir "$stage"
trap 'rm -rf "$stage" "$outside"' EXIT
stage_outside
put_config "$own/before.json"
