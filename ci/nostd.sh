#!/usr/bin/env bash
# The library in an image without an operating system: what it wants from outside, and which ways
# to panic it has, are exactly what is written down beside it.
set -euo pipefail
cd "$(dirname "$0")/../checks/nostd"

cargo build -q --release --locked
image=target/release/libnodewire_nostd.a

check() { # list, found on standard input
  if [ "${NODEWIRE_BLESS:-}" = 1 ]; then cat > "$1"; else diff -u "$1" - || {
    echo "differs from checks/nostd/$1: see the head of ci/nostd.sh" >&2
    exit 1
  }; fi
  echo "$(wc -l < "$1") $2"
}

# 1. Undefined symbols: no clock, socket, file, thread or random source can be reached.
{ ld -u nostd_entry -e nostd_entry --gc-sections -o /dev/null "$image" 2>&1 || true; } \
  | { grep -o 'undefined reference to `[^'"'"']*' || true; } | sed 's/.*`//' | sort -u \
  | check undefined.txt "symbols wanted from outside"
for name in $(cat undefined.txt); do
  case $name in
    memcpy | memmove | memset | memcmp | bcmp) ;;
    # What cleans up in the compiled `alloc`, never run where a panic aborts.
    rust_eh_personality | _Unwind_Resume) ;;
    *) echo "not allowed: $name" >&2; exit 1 ;;
  esac
done

# 2. Ways to panic that the optimizer could not rule out. The list holds for one compiler.
compiler=$(rustc --version)
if [ "${NODEWIRE_BLESS:-}" != 1 ] && [ "$(cat compiler.txt)" != "$compiler" ]; then
  echo "SKIPPED the list of panics: made with $(cat compiler.txt), this is $compiler"
  exit 0
fi
[ "${NODEWIRE_BLESS:-}" != 1 ] || echo "$compiler" > compiler.txt
mkdir -p target
cc -O1 -fno-builtin -ffreestanding -c support.c -o target/support.o
ld -u nostd_entry -e nostd_entry --gc-sections -o target/image "$image" target/support.o
nm -C target/image | awk '{$1=$2=""; print substr($0, 3)}' \
  | { grep -E 'panick|unwrap_failed|expect_failed|slice_index|slice_(start|end)|overflow|handle_alloc' || true; } \
  | sed -E 's/::h[0-9a-f]{16}$//; s/<[^>]*>//g' | sort -u | check panics.txt "ways to panic"
size target/image | awk 'NR == 2 {print $1 " bytes of text"}'
