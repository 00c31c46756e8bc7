# npm packages and Node 24, inside the project's own node_modules. Sourced by scripts/setup.

stamp=$root/node_modules/.creel-setup

lock_sum() { cksum <"$root/package-lock.json"; }

wanted_node() { sed -n '/"node_modules\/node": {/,/}/s/.*"version": "\(.*\)".*/v\1/p' "$root/package-lock.json"; }

has_node() { [ "$("$root/node_modules/.bin/node" -v 2>/dev/null)" = "$(wanted_node)" ]; }

is_current() { [ "$(cat "$stamp" 2>/dev/null)" = "$(lock_sum)" ] && has_node; }

set_up_node() {
  if is_current; then return 0; fi
  if ! command -v npm >/dev/null; then
    say "npm is missing. Install Node 20 or newer together with npm (https://nodejs.org), then try again."
    exit 1
  fi
  # Two starts at once: the second one waits and then finds everything done.
  exec 9<"$root/package-lock.json"
  if command -v flock >/dev/null; then flock 9; fi
  if ! is_current; then
    install_npm_packages
    install_node
    lock_sum >"$stamp"
  fi
  exec 9<&-
}

install_npm_packages() {
  # After a plain `npm install` the tree is right and only the stamp is old.
  if (cd "$root" && node scripts/setup.d/tree-matches-lock.mjs) 2>/dev/null; then return 0; fi
  say "npm packages into $root/node_modules: the libraries Creel is made of"
  # Not `npm ci`: it refuses a lock file that leaves out packages for other systems, which some registries do not have.
  run_npm install --no-save --ignore-scripts || { say "npm could not install the packages; its message is above."; exit 1; }
}

install_node() {
  if has_node; then return 0; fi
  say "Node $(wanted_node) into $root/node_modules: the version Creel runs on"
  run_npm rebuild node --ignore-scripts=false --foreground-scripts || true
  if has_node; then return 0; fi
  say "Node $(wanted_node) could not be installed for this machine ($(uname -sm)); npm's message is above."
  exit 1
}

# The settings of an npm that runs us (npm start, npx) are not meant for this one; where packages come from is.
run_npm() (
  cd "$root"
  for name in $(env | sed -n 's/^\(npm_[A-Za-z0-9_]*\)=.*/\1/p'); do
    case $name in
      npm_config_*registry | npm_config_*proxy | npm_config_*cafile | npm_config_cache | npm_config_userconfig) ;;
      *) unset "$name" ;;
    esac
  done
  unset NODE_ENV INIT_CWD
  npm "$@" --no-audit --no-fund --loglevel=error >&2
)
