/* What the demo assumes of the board (QEMU virt's memory map), and the few machine instructions that C has no words for. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Everything runs in the upper half: virtual = physical + KERNEL_OFFSET. Profilers take a low address at EL1 for a high one, so code must be high. */
#define KERNEL_OFFSET 0xffff800000000000ul

#define GICD_BASE (KERNEL_OFFSET + 0x08000000ul)
#define GICR_BASE (KERNEL_OFFSET + 0x080a0000ul)
#define UART_BASE (KERNEL_OFFSET + 0x09000000ul)

/* RAM beyond the image: the demo's data, mapped with 4 KiB pages. Needs a board with 128 MiB. */
#define ARENA_PHYSICAL 0x41000000ul
#define LIST_BYTES (64ul << 20)
#define ARRAY_BYTES (8ul << 20)
#define ARENA_BYTES (LIST_BYTES + ARRAY_BYTES)
#define ARENA (KERNEL_OFFSET + ARENA_PHYSICAL)

#define SPE_INTID 21

#define read_sysreg(name) ({ uint64_t value_; __asm__ volatile("mrs %0, " #name : "=r"(value_)); value_; })
#define write_sysreg(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")
#define isb() __asm__ volatile("isb" ::: "memory")
#define dsb_nsh() __asm__ volatile("dsb nsh" ::: "memory")
#define dsb_sy() __asm__ volatile("dsb sy" ::: "memory")
#define psb_csync() __asm__ volatile("hint #17" ::: "memory")
#define irq_enable() __asm__ volatile("msr daifclr, #2" ::: "memory")
#define irq_disable() __asm__ volatile("msr daifset, #2" ::: "memory")

static inline void mmio_write32(uintptr_t address, uint32_t value) { *(volatile uint32_t *)address = value; }
static inline void mmio_write8(uintptr_t address, uint8_t value) { *(volatile uint8_t *)address = value; }
static inline uint32_t mmio_read32(uintptr_t address) { return *(volatile uint32_t *)address; }

static inline unsigned field(uint64_t reg, unsigned low, unsigned bits) { return (unsigned)(reg >> low) & ((1u << bits) - 1); }

#endif
