#!/bin/sh
# resolver.sh [ROOT]: prints the resolv.conf of a host: this machine's, without the servers that a host cannot reach. Says as a comment,
# one sentence in a line, which ones those are and what is asked instead. ROOT is for tests.
set -eu
root=${1:-}

# read_servers FILE: sets `reachable` and `left`, each a list of addresses. Hosts have IPv4, and loopbacks of their own.
read_servers() {
  reachable='' left=''
  while read -r word address _ || [ -n "$word" ]; do
    [ "$word" = nameserver ] || continue
    case $address in
    *:* | 127.* | 0.0.0.0) left="$left $address" ;;
    *) reachable="$reachable $address" ;;
    esac
  done <"$1"
}

main=$root/etc/resolv.conf
if [ -r "$main" ]; then read_servers "$main"; else reachable='' left=''; fi
unreachable=$left source=$main
if [ -z "$reachable" ]; then
  # A resolver on the loopback: what it asks itself is what hosts can ask too.
  for source in "$root/run/systemd/resolve/resolv.conf" "$root/run/NetworkManager/no-stub-resolv.conf" \
    "$root/run/NetworkManager/resolv.conf" "$root/run/dnsmasq/resolv.conf" "$root/run/resolvconf/resolv.conf"; do
    [ -r "$source" ] || continue
    read_servers "$source"
    [ -z "$reachable" ] || break
  done
fi

if [ -z "$reachable" ]; then
  source=$main left=$unreachable reachable=' 9.9.9.9 1.1.1.1'
  echo "# This machine has no name server that its hosts can reach; they ask 9.9.9.9 and 1.1.1.1."
fi
for address in $left; do echo "# Hosts cannot reach the name server $address of this machine; it is left out."; done
for address in $reachable; do echo "nameserver $address"; done
if [ -r "$source" ]; then grep -E '^(search|domain|options|sortlist)[[:space:]]' "$source" || :; fi
