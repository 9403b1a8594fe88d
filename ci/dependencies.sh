#!/usr/bin/env bash
# What a user of one family gets is exactly what is written down, and nothing twice.
set -euo pipefail
cd "$(dirname "$0")/.."

tree() { cargo tree --locked -p nodewire -e normal --prefix none "$@" | awk '{print $1}' | sort -u; }

check() { # name of the list, then the features
  local list=ci/dependencies/$1.txt; shift
  if [ "${NODEWIRE_BLESS:-}" = 1 ]; then tree "$@" > "$list"; fi
  if ! diff -u "$list" <(tree "$@"); then
    echo "the dependencies differ from $list" >&2
    exit 1
  fi
  echo "$(wc -l < "$list") crates with $*"
}

check core --no-default-features
check chia --no-default-features --features chia
check leios --no-default-features --features leios
check supervisor --no-default-features --features supervisor

twice=$(cargo tree --locked -p nodewire -e normal -d --no-default-features --features chia,leios,supervisor,serde,sim)
case $twice in
  "" | *"nothing to print"*) echo "no crate twice" ;;
  *) echo "$twice"; echo "crates in two versions" >&2; exit 1 ;;
esac
