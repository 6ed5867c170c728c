#!/bin/sh
# Builds pinion-toggle.elf from its own sources and the demo's startup code: the same sources and tools give the same bytes, in whatever directory.
# usage: build.sh [OUTPUT-DIRECTORY]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
guests=$(dirname -- "$here")
output=$(CDPATH= cd -- "${1:-$here}" && pwd)
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
export LC_ALL=C SOURCE_DATE_EPOCH=0
cd "$guests"
flags="-march=armv8.1-a -mno-outline-atomics -mstrict-align -ffreestanding -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns
 -mgeneral-regs-only -O2 -g -gdwarf-4 -ffile-prefix-map=$guests=. -ffile-prefix-map=$objects=. -Wall -Wextra -Werror -DPROGRAM=\"TOGGLE\" -Idemo -Itoggle"
linked=
for source in demo/boot.S demo/start.S demo/mmu.c demo/console.c demo/interrupts.c demo/arguments.c toggle/arguments.c toggle/buffer.c toggle/main.c; do
  object=$objects/$(echo "$source" | tr / -).o
  "${cross}gcc" $flags -c -o "$object" "$source"
  linked="$linked $object"
done
"${cross}ld" -nostdlib --build-id=none -z max-page-size=4096 -z noexecstack -T demo/demo.ld --defsym 'boot_physical=boot-kernel_offset' -e boot_physical -o "$output/pinion-toggle.elf" $linked
{ "${cross}gcc" --version | head -1; "${cross}ld" --version | head -1; } > "$output/pinion-toggle.toolchain"
