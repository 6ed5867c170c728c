/* Toggles the profiling buffer as a profiler does at every context switch, with buffers of several sizes, and prints what that cost and what was lost. */
#include "demo.h"
#include "toggle.h"

#define CALIBRATION_BYTES (64ul << 10)
#define CALIBRATION_CYCLES 8ul

static char calibration[CALIBRATION_BYTES] __attribute__((aligned(4096)));

int main(void);

/* Records of a cycle whose buffer cannot fault: the CPU has touched each of its pages. */
static uint64_t records_per_cycle(void)
{
	for (uint64_t at = 0; at < CALIBRATION_BYTES; at += 4096)
		((volatile char *)calibration)[at] = 1;

	const struct phase *phase = toggle(calibration, CALIBRATION_BYTES, CALIBRATION_CYCLES);
	if (phase->faults || phase->full)
		fail("the buffer stopped although its memory had been touched");
	return phase->records / CALIBRATION_CYCLES;
}

static void print(uint64_t kib, const struct phase *phase, uint64_t per_cycle)
{
	uint64_t expected = phase->cycles * per_cycle;

	put_decimal(kib, 8);
	put_decimal(phase->cycles, 8);
	put_decimal(phase->ticks, 12);
	put_decimal(phase->enable_ticks, 12);
	put_decimal(phase->disable_ticks, 12);
	put_decimal(phase->first_ticks, 12);
	put_decimal(phase->records, 9);
	put_decimal(expected > phase->records ? expected - phase->records : 0, 9);
	put_decimal(phase->full, 6);
	put_decimal(phase->faults, 8);
	put_decimal(phase->data_lost, 10);
	put_decimal(phase->collisions, 11);
	put_string("  ");
	put_hex(phase->status, 16);
	put_string("\n");
}

int main(void)
{
	console_init();
	put_string("Pinion toggle\n");
	interrupts_init();
	irq_enable();
	if (!buffer_init())
		fail("this guest measures the profiling buffer");

	uint64_t per_cycle = records_per_cycle();
	put_string("counter ");
	put_decimal(read_sysreg(cntfrq_el0), 0);
	put_string(" Hz, records a cycle ");
	put_decimal(per_cycle, 0);
	put_string("\n     KiB  cycles       ticks      enable     disable       first  records     lost  full  faults data-lost collisions  PMBSR\n");
	for (unsigned i = 0; i < buffer_count; i++) {
		const struct phase *phase = toggle((char *)ARENA, buffer_kib[i] << 10, cycle_count);

		print(buffer_kib[i], phase, per_cycle);
	}
	put_string("TOGGLE-DONE\n");
	power_off();
}
