/* Stage 1 translation: 4 KiB granule, 48-bit addresses, everything in the upper half. Called at physical addresses, with the MMU off. */
#include "machine.h"

#define DESC_TABLE 3ul
#define DESC_BLOCK 1ul
#define DESC_PAGE 3ul
#define ATTR_DEVICE (0ul << 2)
#define ATTR_NORMAL (1ul << 2)
#define AP_READ_ONLY (1ul << 7)
#define SH_INNER (3ul << 8)
#define AF (1ul << 10)
#define PXN (1ul << 53)
#define UXN (1ul << 54)

#define DEVICE (ATTR_DEVICE | AF | PXN | UXN)
#define DATA (ATTR_NORMAL | SH_INNER | AF | PXN | UXN)
#define READ_ONLY_DATA (DATA | AP_READ_ONLY)
#define CODE (ATTR_NORMAL | SH_INNER | AF | UXN | AP_READ_ONLY)

#define RAM_BASE 0x40000000ul
#define PAGE 4096ul
#define BLOCK (2ul << 20)
#define ARENA_TABLES (ARENA_BYTES / BLOCK)

typedef uint64_t table[512] __attribute__((aligned(4096)));

static table level0_upper, level0_lower, level1, level2_ram, level3_image, level3_arena[ARENA_TABLES];

extern char image_start[], text_end[], rodata_end[], image_end[];

void mmu_init(void);
void mmu_drop_identity(void);

void mmu_init(void)
{
	uintptr_t image = (uintptr_t)image_start;

	level0_upper[field(KERNEL_OFFSET, 39, 9)] = (uintptr_t)level1 | DESC_TABLE;
	level0_lower[0] = (uintptr_t)level1 | DESC_TABLE; /* the same, for the moment between MMU on and the jump to the upper half */
	level1[0] = 0 | DEVICE | DESC_BLOCK;
	level1[1] = (uintptr_t)level2_ram | DESC_TABLE;

	level2_ram[(image - RAM_BASE) / BLOCK] = (uintptr_t)level3_image | DESC_TABLE;
	for (uintptr_t page = image; page < (uintptr_t)image_end; page += PAGE)
		level3_image[page / PAGE % 512] = page | DESC_PAGE
			| (page < (uintptr_t)text_end ? CODE : page < (uintptr_t)rodata_end ? READ_ONLY_DATA : DATA);

	for (uintptr_t i = 0; i < ARENA_TABLES; i++) {
		uintptr_t block = ARENA_PHYSICAL + i * BLOCK;
		level2_ram[(block - RAM_BASE) / BLOCK] = (uintptr_t)level3_arena[i] | DESC_TABLE;
		for (uintptr_t page = 0; page < 512; page++)
			level3_arena[i][page] = (block + page * PAGE) | DATA | DESC_PAGE;
	}

	uint64_t parange = field(read_sysreg(id_aa64mmfr0_el1), 0, 4);
	uint64_t ips = parange < 5 ? parange : 5; /* 48 bits are all that a 4 KiB granule without LPA2 can use */
	write_sysreg(mair_el1, 0xff04ul);  /* 0: Device-nGnRE, 1: Normal, write-back, allocate */
	write_sysreg(tcr_el1, 16ul | 1ul << 8 | 1ul << 10 | 3ul << 12                            /* T0SZ, IRGN0, ORGN0, SH0 */
		| 16ul << 16 | 1ul << 24 | 1ul << 26 | 3ul << 28 | 2ul << 30 | ips << 32);       /* T1SZ, IRGN1, ORGN1, SH1, TG1 4 KiB, IPS */
	write_sysreg(ttbr0_el1, (uintptr_t)level0_lower);
	write_sysreg(ttbr1_el1, (uintptr_t)level0_upper);
	dsb_sy();
	__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
	write_sysreg(sctlr_el1, 0x30d00800ul                                /* the RES1 bits of v8.0 */
		| 1ul << 0 | 1ul << 2 | 1ul << 3 | 1ul << 12);              /* M, C, SA, I */
	isb();
}

/* A stray low address is a bug from now on, and faults. */
void mmu_drop_identity(void)
{
	write_sysreg(tcr_el1, read_sysreg(tcr_el1) | 1ul << 7); /* EPD0 */
	isb();
	__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}
