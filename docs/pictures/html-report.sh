#!/usr/bin/env bash
# Makes html-report-light.png and html-report-dark.png: records workloads in a Debian guest with two CPUs, reports, and takes pictures with Chromium.
# Needs './pinion guest debian', chromium and some minutes; fonts-noto-core gives the pictures' font. usage: docs/pictures/html-report.sh [DIR to keep the trace and the page in]
set -euo pipefail

pictures=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
pinion=$pictures/../../pinion
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pinion/debian
work=${1:-$(mktemp -d)}
mkdir -p "$work"

cat >"$work/work.sh" <<'GUEST'
#!/bin/sh
bench -s 0.05 chase_mem &
bench -s 0.03 branchy interp &
bench -s 0.05 atomic &
bench -s 0.03 dhry memcpy sieve fp simd
bench -s 0.01 fault syscall pipe fork
wait
GUEST
echo 'perf record -o /mnt/perf.data -a -m ,4M -e arm_spe_0/ts_enable=1,pa_enable=1/ -c 1024 -- sh /mnt/work.sh' >"$work/record.sh"

"$pinion" run --guest debian -c 2 -m 1G --share "$work:out" --timing full -p "share=out:/mnt run=sh:sh@/mnt/record.sh"
"$pinion" report "$work/perf.data" --html "$work/perf.html" --kallsyms "$cache/kallsyms" --elf "$cache/bench/bench" --elf "$cache/root/usr/bin/perf"

# 0 is dark, 1 is light.
for theme in 0:dark 1:light; do
    chromium --headless --no-sandbox --disable-gpu --disable-background-networking --hide-scrollbars --user-data-dir="$work/chromium" --blink-settings="preferredColorScheme=${theme%:*}" \
        --window-size=1360,1500 --virtual-time-budget=10000 --screenshot="$pictures/html-report-${theme#*:}.png" "file://$work/perf.html" 2>/dev/null
done
