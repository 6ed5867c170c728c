#!/bin/sh
# The in-guest acceptance of SPE: describe the PMU, record with timestamps, physical addresses and filters, and read it all back.
# usage: spe-test.sh [bench arguments]. Exit code 0 when every step holds, 2 without an SPE PMU, 1 otherwise.
pmu=/sys/bus/event_source/devices/arm_spe_0
all=ts_enable=1,pa_enable=1,load_filter=1,store_filter=1,branch_filter=1,min_latency=0
failures=0
step() { # step NAME STATUS [DETAIL]
  if [ "$2" = 0 ]; then echo "SPE-TEST $1: ok $3"; else echo "SPE-TEST $1: FAILED $3"; failures=$((failures + 1)); fi
}

if [ ! -d $pmu ]; then
  echo "SPE-TEST: no arm_spe_0"
  perf list pmu 2>&1 | grep arm_spe
  exit 2
fi
for f in $pmu/type $pmu/cpumask $pmu/caps/* $pmu/format/*; do echo "$f: $(cat "$f")"; done

if [ -x /bin/bench ]; then
  work="bench ${*:--s 0.02 dhry chase_l1}"; short="bench -s 0.01 dhry"; memory="bench -s 0.01 memcpy"
else
  work="dd if=/dev/zero of=/dev/null bs=64 count=20000"; short=$work; memory=$work
fi

perf record -q -e arm_spe_0/$all/ -c 4096 -o /tmp/spe.data -- $work
step record $?
ls -l /tmp/spe.data

perf report -D -i /tmp/spe.data > /tmp/spe.dump 2>/dev/null
grep -A40 'ARM SPE data' /tmp/spe.dump | head -60
records=$(grep -cE '  TS ' /tmp/spe.dump)
pcs=$(grep -cE ' PC 0x' /tmp/spe.dump)
echo "SPE-TEST records: $records  PC packets: $pcs"
[ "$records" -gt 0 ] && [ "$records" = "$pcs" ]; step dump $?
rm -f /tmp/spe.dump

perf script -i /tmp/spe.data > /tmp/spe.script 2>&1
head -20 /tmp/spe.script
[ -s /tmp/spe.script ]; step script $? "$(wc -l < /tmp/spe.script) lines"
rm -f /tmp/spe.script

perf report --stdio -i /tmp/spe.data 2>/dev/null | grep -v '^$' | head -40

perf record -q -e '{cycles,arm_spe_0/ts_enable=1/}' -o /tmp/group.data -- $short 2>&1 | tail -2
[ -s /tmp/group.data ]; step group $?

perf mem record -o /tmp/mem.data -- $memory >/dev/null 2>&1
step mem-record $?
perf mem report -i /tmp/mem.data --stdio 2>/dev/null | grep -v '^$' | head -20

# The test samples at the shortest interval there is, 256 operations: over a million records, which an emulated CPU needs a quarter of an hour to read back. So perf gets an interval.
mkdir -p /tmp/spe-test
cat > /tmp/spe-test/perf <<'EOF'
#!/bin/sh
[ "$1" = record ] || exec /usr/bin/perf "$@"
shift
exec /usr/bin/perf record -c 16384 "$@"
EOF
chmod +x /tmp/spe-test/perf

# The test allows perf a second to start; see /bin/sleep.
PATH=/tmp/spe-test:$PATH SLEEP_SCALE=${SLEEP_SCALE:-6} sh /usr/lib/perf-core/tests/shell/test_arm_spe.sh
status=$?
echo "SPE-TEST test_arm_spe.sh rc=$status"
step test_arm_spe.sh $status

echo "SPE-TEST failures: $failures"
[ "$failures" = 0 ]
