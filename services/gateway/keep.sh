# Run as: sh -c "$(cat kept.sh this)" creel-keep. Standard input: what Creel keeps of the agent's settings.
set -eu
umask 077
file=/var/lib/creel/agent.json
mkdir -p -m 0700 "${file%/*}"
cat >"$file.part"
sync "$file.part"
mv -fT "$file.part" "$file"
