# Run as: sh -c "$(cat kept.sh this)" creel-settle. Standard input: two lines for change_secrets. Forgets what was before put.sh.
set -eu
umask 077
IFS= read -r expected
IFS= read -r secrets
exec 9>/run/creel-install.lock
flock 9
rm -f "$own/before.json"
change_secrets "$expected" "$secrets"
