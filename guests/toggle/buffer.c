/* Enables and disables the profiling buffer the way Linux's driver does when perf's task is switched in and out. */
#include "demo.h"
#include "spe.h"
#include "toggle.h"

#define INTERVAL 1024ul /* operations between samples; no jitter, so that every cycle has the same number */
#define WORK 4000u      /* turns of the loop that is sampled */

static struct phase phase;
static char *base;
static uint64_t bytes, head, cycle_start, record_size;
static int stopped;

static uint64_t now(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

static void arm_buffer(void)
{
	write_spe(PMBPTR_EL1, (uintptr_t)base + head);
	write_spe(PMBLIMITR_EL1, ((uintptr_t)base + bytes) | PMBLIMITR_E);
	isb();
}

static void disable_buffer(void)
{
	write_spe(PMBLIMITR_EL1, 0);
	isb();
}

static void drain(void)
{
	psb_csync();
	dsb_nsh();
	isb();
}

int buffer_init(void)
{
	if (field(read_sysreg(id_aa64dfr0_el1), 32, 4) == 0) {
		put_string("no SPE: ID_AA64DFR0_EL1.PMSVer is 0\n");
		return 0;
	}

	uint64_t pmbidr = read_spe(PMBIDR_EL1), pmsidr = read_spe(PMSIDR_EL1);
	if (pmbidr >> 4 & 1) {
		put_string("no SPE: the profiling buffer belongs to a higher exception level\n");
		return 0;
	}

	record_size = 1ul << field(pmsidr, 12, 4);
	if (field(pmbidr, 0, 4) != field(pmsidr, 12, 4)) {
		put_string("no SPE: records are not all of one size\n");
		return 0;
	}

	write_spe(PMSCR_EL1, 0);
	isb();
	drain();
	disable_buffer();
	write_spe(PMBSR_EL1, 0);
	write_spe(PMSFCR_EL1, 0);
	write_spe(PMSEVFR_EL1, 0);
	write_spe(PMSLATFR_EL1, 0);
	write_spe(PMSIRR_EL1, INTERVAL);
	isb();
	return 1;
}

/* Counts what the buffer got since head, and moves head there. */
static void take_records(void)
{
	uint64_t end = read_spe(PMBPTR_EL1) - (uintptr_t)base;

	if (end > head) {
		phase.records += (end - head) / record_size;
		head = end;
	}
}

/* An event that stands in PMBSR_EL1. A full buffer is used from its beginning again; after anything else profiling stops until the task is switched in again. */
static void serve(uint64_t status)
{
	phase.status = status;
	if (!(status & PMBSR_EC) && (status & PMBSR_MSS) == BSC_FULL && !(status & (PMBSR_EA | PMBSR_DL))) {
		phase.full++;
		take_records();
		head = 0;
		return;
	}

	phase.faults++;
	if (status & (PMBSR_EA | PMBSR_DL))
		phase.data_lost++; /* where the last record ends is not known: those of this cycle are dropped */
	else
		take_records();
	stopped = 1;
}

void spe_interrupt(void)
{
	drain();
	uint64_t status = read_spe(PMBSR_EL1);

	if (!(status & PMBSR_S))
		return;
	serve(status);
	if (stopped)
		disable_buffer();
	else
		arm_buffer();
	write_spe(PMBSR_EL1, 0);
	isb();
}

static void enable(void)
{
	stopped = 0;
	cycle_start = head;
	arm_buffer();
	write_spe(PMSICR_EL1, 0);
	isb();
	write_spe(PMSCR_EL1, PMSCR_E1SPE | PMSCR_PA | PMSCR_TS);
	isb();
}

static void disable(void)
{
	write_spe(PMSCR_EL1, 0);
	isb();
	drain();
	disable_buffer();
	uint64_t status = read_spe(PMBSR_EL1);

	phase.collisions += (status & PMBSR_COLL) != 0;
	if (status & PMBSR_S) {
		serve(status); /* the interrupt is masked here: the last record brought it */
		write_spe(PMBSR_EL1, 0);
		isb();
	} else if (!stopped) {
		take_records();
	}
	if (status & PMBSR_COLL) {
		write_spe(PMBSR_EL1, 0);
		isb();
	}
	if (stopped)
		head = cycle_start;
}

static void __attribute__((noinline)) work(void)
{
	static uint64_t table[512];
	uint64_t x = 0x9e3779b97f4a7c15;

	for (unsigned i = 0; i < WORK; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		table[x >> 55] += x;
	}
}

const struct phase *toggle(char *buffer, uint64_t size, uint64_t cycles)
{
	phase = (struct phase){ .cycles = cycles };
	base = buffer;
	bytes = size;
	head = 0;

	uint64_t start = 0;
	for (uint64_t i = 0; i < cycles; i++) {
		uint64_t before = now();

		if (i == 1)
			start = before;
		enable();

		uint64_t enabled = now();
		work();
		irq_disable();
		uint64_t worked = now();
		disable();
		uint64_t disabled = now();
		irq_enable();

		if (i == 0) {
			phase.first_ticks = enabled - before;
		} else {
			phase.enable_ticks += enabled - before;
			phase.disable_ticks += disabled - worked;
			phase.ticks = disabled - start;
		}
	}
	return &phase;
}
