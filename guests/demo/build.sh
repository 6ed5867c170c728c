#!/bin/sh
# Builds pinion-demo.elf: the same sources and tools give the same bytes, in whatever directory.
# usage: build.sh [OUTPUT-DIRECTORY]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
output=$(CDPATH= cd -- "${1:-$here}" && pwd)
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
export LC_ALL=C SOURCE_DATE_EPOCH=0
cd "$here"
common="-march=armv8.1-a -mno-outline-atomics -mstrict-align -ffreestanding -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns
 -g -gdwarf-4 -ffile-prefix-map=$here=. -ffile-prefix-map=$objects=. -Wall -Wextra -Werror"
for source in boot.S start.S mmu.c console.c interrupts.c arguments.c options.c spe.c main.c; do
  "${cross}gcc" $common -O2 -mgeneral-regs-only -c -o "$objects/$source.o" "$source"
done
# Only the workloads may use FP registers: interrupt handlers do not save them. Not vectorised: a workload is what its source says.
"${cross}gcc" $common -O2 -fno-tree-vectorize -ffp-contract=fast -fno-math-errno -c -o "$objects/workloads.c.o" workloads.c
"${cross}ld" -nostdlib --build-id=none -z max-page-size=4096 -z noexecstack -T demo.ld --defsym 'boot_physical=boot-kernel_offset' -e boot_physical -o "$output/pinion-demo.elf" \
  "$objects"/boot.S.o "$objects"/start.S.o "$objects"/mmu.c.o "$objects"/console.c.o "$objects"/interrupts.c.o "$objects"/arguments.c.o "$objects"/options.c.o "$objects"/spe.c.o "$objects"/workloads.c.o "$objects"/main.c.o
{ "${cross}gcc" --version | head -1; "${cross}ld" --version | head -1; } > "$output/pinion-demo.toolchain"
