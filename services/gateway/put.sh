# Run as: sh -c "$(cat kept.sh this)" creel-put. Standard input: two lines for change_secrets; then a tar archive with openclaw.json and with
# first.json, the configuration that a gateway has from a Creel that kept none. Afterwards the gateway has openclaw.json, and $own/before.json is what
# it had before the first of these since the last settle.sh. May be cut off anywhere and run again.
set -eu
umask 077
IFS= read -r expected
IFS= read -r secrets
exec 9>/run/creel-install.lock
flock 9
stage=/run/creel-put
rm -rf "$stage"
mkdir "$stage"
trap 'rm -rf "$stage" "$outside"' EXIT
tar -x -C "$stage" -f -

if ! [ -s "$own/before.json" ]; then
  if [ -s "$own/openclaw.json" ]; then
    keep_own "$own/openclaw.json" before.json
  else
    # Somebody may have written it by hand.
    ln -PT "$config" "$config.before-creel" 2>/dev/null || true
    keep_own "$stage/first.json" before.json
  fi
fi
# Before anything refers to them.
change_secrets "$expected" "$secrets"
stage_outside
put_config "$stage/openclaw.json"
