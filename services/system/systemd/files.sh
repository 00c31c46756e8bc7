# Before every script that puts unit files onto a host; who uses it sets $stage, the folder where they wait. The mark outlives a run that ends
# before systemd was told.
units_changed=/run/creel-install.reload

# put FILE TARGET: by rename, and only when something changes.
put() {
  if cmp -s "$stage/$1" "$2"; then return; fi
  place "$1" "$2"
}

# restore FILE TARGET: only what is missing or empty.
restore() {
  if [ -s "$2" ]; then return; fi
  place "$1" "$2"
}

place() {
  : >"$units_changed"
  install -D -m 0644 "$stage/$1" "$2.part"
  mv -T "$2.part" "$2"
}

reload_units() {
  if [ ! -e "$units_changed" ]; then return; fi
  systemctl daemon-reload
  rm "$units_changed"
}
