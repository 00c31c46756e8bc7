# npm packages and Node 24, inside the project's own node_modules. Sourced by scripts/setup.

stamp=$root/node_modules/.creel-setup

lock_sum() { cksum <"$root/package-lock.json"; }

# Which one exactly is the lock file's business: Node comes as a package, checked like every other.
is_node_24() { case $("$1" -v 2>/dev/null) in v24.1[6-9].* | v24.[2-9][0-9].*) true ;; *) false ;; esac; }

has_node() { is_node_24 "$root/node_modules/.bin/node"; }

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
    require_node
    lock_sum >"$stamp.part"
    mv "$stamp.part" "$stamp"
  fi
  exec 9<&-
}

install_npm_packages() {
  # After a plain `npm install` or `npm ci` the tree is right and only the stamp is old.
  if has_node && (cd "$root" && node scripts/setup.d/tree-matches-lock.mjs) 2>/dev/null; then return 0; fi
  say "npm packages into $root/node_modules: the libraries Creel is made of, and Node 24"
  # Not `npm ci`: it first removes what is there, under the feet of a Creel that runs from this folder.
  run_npm install --no-save --ignore-scripts || { say "npm could not install the packages; its message is above."; exit 1; }
}

# The lock file has Node for Linux on x64 and arm64. Elsewhere one that is there will do.
require_node() {
  if has_node; then return 0; fi
  if is_node_24 node; then ln -sf "$(command -v node)" "$root/node_modules/.bin/node"; return 0; fi
  say "There is no Node 24 for this machine ($(uname -sm)) in $root/node_modules: npm could not download it, or there is none."
  say "Try again, or install Node 24.16 or a newer 24 yourself (https://nodejs.org)."
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
