/* GICv3 for one CPU and one PPI, and what happens on an exception. */
#include "demo.h"

#define GICD_CTLR 0x0000
#define GICR_WAKER 0x0014
#define GICR_SGI 0x10000 /* the second 64 KiB frame */
#define GICR_IGROUPR0 (GICR_SGI + 0x0080)
#define GICR_ISENABLER0 (GICR_SGI + 0x0100)
#define GICR_ICENABLER0 (GICR_SGI + 0x0180)
#define GICR_IPRIORITYR (GICR_SGI + 0x0400)

#define WAKER_PROCESSOR_SLEEP (1u << 1)
#define WAKER_CHILDREN_ASLEEP (1u << 2)

#define PSCI_SYSTEM_OFF 0x84000008ul
#define PSCI_SYSTEM_RESET 0x84000009ul

void handle_irq(void);
_Noreturn void handle_unexpected(uint64_t esr, uint64_t elr, uint64_t far);

void interrupts_init(void)
{
	mmio_write32(GICD_BASE + GICD_CTLR, 0x13); /* ARE_NS, EnableGrp1A, EnableGrp1 */
	mmio_write32(GICR_BASE + GICR_WAKER, mmio_read32(GICR_BASE + GICR_WAKER) & ~WAKER_PROCESSOR_SLEEP);
	while (mmio_read32(GICR_BASE + GICR_WAKER) & WAKER_CHILDREN_ASLEEP)
		;
	mmio_write32(GICR_BASE + GICR_ICENABLER0, ~0u);
	mmio_write32(GICR_BASE + GICR_IGROUPR0, ~0u);
	mmio_write8(GICR_BASE + GICR_IPRIORITYR + SPE_INTID, 0xa0);
	mmio_write32(GICR_BASE + GICR_ISENABLER0, 1u << SPE_INTID);

	write_sysreg(S3_0_C12_C12_5, read_sysreg(S3_0_C12_C12_5) | 1); /* ICC_SRE_EL1.SRE */
	isb();
	write_sysreg(S3_0_C4_C6_0, 0xf0);  /* ICC_PMR_EL1 */
	write_sysreg(S3_0_C12_C12_3, 0);   /* ICC_BPR1_EL1 */
	write_sysreg(S3_0_C12_C12_4, 0);   /* ICC_CTLR_EL1: EOI drops priority and deactivates */
	write_sysreg(S3_0_C12_C12_7, 1);   /* ICC_IGRPEN1_EL1 */
	isb();
}

void handle_irq(void)
{
	uint64_t intid = read_sysreg(S3_0_C12_C12_0); /* ICC_IAR1_EL1 */

	dsb_sy();
	if (intid == SPE_INTID)
		spe_interrupt();
	else if (intid < 1020)
		fail("unexpected interrupt");
	if (intid < 1020)
		write_sysreg(S3_0_C12_C12_1, intid); /* ICC_EOIR1_EL1 */
}

void handle_unexpected(uint64_t esr, uint64_t elr, uint64_t far)
{
	put_string("exception: ESR ");
	put_hex(esr, 16);
	put_string(" ELR ");
	put_hex(elr, 16);
	put_string(" FAR ");
	put_hex(far, 16);
	put_string("\n");
	fail("unexpected exception");
}

static _Noreturn void psci(uint64_t function)
{
	register uint64_t x0 __asm__("x0") = function;

	__asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
	for (;;)
		__asm__ volatile("wfi");
}

void power_off(void)
{
	psci(PSCI_SYSTEM_OFF);
}

/* PSCI has no word for failure; a reset is what a kernel that panics asks for, and a VMM can tell it from the end of work. */
void fail(const char *why)
{
	put_string(PROGRAM "-FAILED: ");
	put_string(why);
	put_string("\n");
	psci(PSCI_SYSTEM_RESET);
}
