# Run as: sh -c "$(cat kept.sh this)" creel-check IMAGE [PLUGIN…]. Standard input: a tar archive with openclaw.json. Prints what the OpenClaw in the
# container image says of it; ends with 69 when it lacks one of the plugins. Nothing of the agent's is writable there, there is no network, and
# nothing stays.
set -eu
umask 077
image=$1
shift
stage=$(mktemp -d /run/creel-check.XXXXXX)
trap 'rm -rf "$stage"' EXIT
tar -x -C "$stage" -f -
chmod 0755 "$stage"
chown 1000:1000 "$stage/openclaw.json"
status=0
timeout 90 podman --events-backend=none run --rm --pull=never --network=none --read-only --user=1000:1000 --cap-drop=ALL \
  --security-opt=no-new-privileges --tmpfs=/home/node:rw,mode=1777 --volume="$stage:/creel:ro" \
  --volume=/run/creel-secrets:/run/creel-secrets:ro --env=HOME=/home/node --env=OPENCLAW_STATE_DIR=/home/node/.openclaw \
  --env=OPENCLAW_CONFIG_PATH=/creel/openclaw.json --env=OPENCLAW_CONFIG_READONLY=1 --env=DO_NOT_TRACK=1 \
  "$image" sh -c '
    code=$(readlink -f "$(command -v openclaw)")
    for plugin in "$@"; do
      if ! [ -f "${code%/*}/dist/extensions/$plugin/openclaw.plugin.json" ]; then exit 69; fi
    done
    exec openclaw config validate --json' creel-validate "$@" || status=$?
# 1: it has complaints, which it has printed.
if [ "$status" -gt 1 ]; then exit "$status"; fi
