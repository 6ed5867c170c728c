/* The Statistical Profiling Extension, driven as Linux drives it. */
#include "demo.h"
#include "spe.h"

#define BUFFER_BYTES (256ul << 10)

static char buffer[BUFFER_BYTES] __attribute__((aligned(4096)));
static struct spe_session session;
static unsigned record_size;
static int present;

static void arm_buffer(void)
{
	write_spe(PMBPTR_EL1, (uintptr_t)buffer);
	write_spe(PMBLIMITR_EL1, ((uintptr_t)buffer + BUFFER_BYTES) | PMBLIMITR_E);
}

static uint64_t drain(void)
{
	psb_csync();
	dsb_nsh();
	isb();
	return read_spe(PMBPTR_EL1) - (uintptr_t)buffer;
}

int spe_init(void)
{
	unsigned version = field(read_sysreg(id_aa64dfr0_el1), 32, 4);

	if (version == 0) {
		put_string("no SPE: ID_AA64DFR0_EL1.PMSVer is 0\n");
		return 0;
	}

	uint64_t pmbidr = read_spe(PMBIDR_EL1);
	if (pmbidr >> 4 & 1) {
		put_string("no SPE: the profiling buffer belongs to a higher exception level\n");
		return 0;
	}

	uint64_t pmsidr = read_spe(PMSIDR_EL1);
	unsigned align = field(pmbidr, 0, 4), max_size = field(pmsidr, 12, 4);
	if (align == max_size)
		record_size = 1u << align;
	put_string("SPEv1.");
	put_decimal(version - 1, 0);
	put_string(", PMSIDR ");
	put_hex(pmsidr, 16);
	put_string(", PMBIDR ");
	put_hex(pmbidr, 16);
	put_string(": a sample every ");
	put_decimal(sample_interval, 0);
	put_string(" operations, buffer ");
	put_decimal(BUFFER_BYTES >> 10, 0);
	put_string(" KiB\n");

	/* What reset left behind is UNKNOWN, an interrupt request included. */
	write_spe(PMSCR_EL1, 0);
	isb();
	drain();
	write_spe(PMBLIMITR_EL1, 0);
	isb();
	write_spe(PMBSR_EL1, 0);
	isb();
	present = 1;
	return 1;
}

unsigned spe_record_size(void)
{
	return record_size;
}

void spe_start(void)
{
	session = (struct spe_session){ 0 };
	if (!present)
		return;
	arm_buffer();
	write_spe(PMSFCR_EL1, 0);
	write_spe(PMSEVFR_EL1, 0);
	write_spe(PMSLATFR_EL1, 0);
	write_spe(PMSIRR_EL1, sample_interval | (sample_jitter ? PMSIRR_RND : 0));
	isb();
	write_spe(PMSICR_EL1, 0);
	isb();
	write_spe(PMSCR_EL1, PMSCR_E1SPE | PMSCR_PA | PMSCR_TS);
	isb();
}

struct spe_session spe_stop(void)
{
	if (!present)
		return session;
	irq_disable();
	write_spe(PMSCR_EL1, 0);
	isb();
	session.bytes += drain();
	write_spe(PMBLIMITR_EL1, 0);
	isb();
	write_spe(PMBSR_EL1, 0); /* the last record may just have filled the buffer */
	isb();
	irq_enable();
	return session;
}

/* PMBSR.S is what drives the interrupt, so it is cleared last; from then on samples arrive again, of this very handler too. */
void spe_interrupt(void)
{
	uint64_t bytes = drain();
	uint64_t status = read_spe(PMBSR_EL1);

	if (!(status & PMBSR_S))
		return;
	if ((status & PMBSR_EC) || (status & PMBSR_MSS) != BSC_FULL) {
		put_string("PMBSR ");
		put_hex(status, 16);
		put_string(" PMBPTR ");
		put_hex(read_spe(PMBPTR_EL1), 16);
		put_string("\n");
		fail("the profiling buffer stopped for another reason than being full");
	}
	session.bytes += bytes;
	session.interrupts++;
	arm_buffer();
	isb();
	write_spe(PMBSR_EL1, 0);
	isb();
}
