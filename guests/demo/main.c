/* Runs every workload under SPE and prints a line about each. */
#include "demo.h"

#define INST_RETIRED 0x08

int main(void);

/* Event counter 0 counts retired instructions, where there is a PMU that can. */
static int pmu_init(void)
{
	unsigned version = field(read_sysreg(id_aa64dfr0_el1), 8, 4);

	if (version == 0 || version == 15 || !(read_sysreg(pmceid0_el0) >> INST_RETIRED & 1))
		return 0;
	write_sysreg(pmevtyper0_el0, INST_RETIRED);
	write_sysreg(pmcntenset_el0, 1);
	write_sysreg(pmcr_el0, read_sysreg(pmcr_el0) | 1 | 1 << 1); /* E, and P: counters start at 0 */
	isb();
	return 1;
}

static uint32_t instructions(void)
{
	isb();
	return (uint32_t)read_sysreg(pmevcntr0_el0);
}

static uint64_t microseconds(uint64_t ticks)
{
	return ticks * 1000000 / read_sysreg(cntfrq_el0);
}

static void run(const struct workload *workload, int has_pmu)
{
	isb();
	uint64_t start = read_sysreg(cntvct_el0);
	uint32_t first = has_pmu ? instructions() : 0;

	spe_start();
	uint64_t result = workload->run();
	struct spe_session session = spe_stop();

	uint32_t count = has_pmu ? instructions() - first : 0;
	isb();
	uint64_t elapsed = read_sysreg(cntvct_el0) - start;

	put_padded(workload->name, 15);
	if (has_pmu)
		put_decimal(count, 12);
	else
		put_string("           -");
	if (spe_record_size())
		put_decimal(session.bytes / spe_record_size(), 9);
	else
		put_string("        -");
	put_decimal(session.interrupts, 12);
	put_decimal(microseconds(elapsed), 13);
	put_string("  ");
	put_hex(result, 16);
	put_string("\n");
}

int main(void)
{
	console_init();
	put_string("Pinion demo\n");
	interrupts_init();
	irq_enable();
	spe_init();

	int has_pmu = pmu_init();
	workloads_init();
	put_string("workload       instructions  records  interrupts  microseconds  result\n");
	for (unsigned i = 0; i < workload_count; i++)
		run(&workloads[i], has_pmu);
	put_string("DEMO-DONE\n");
	power_off();
}
