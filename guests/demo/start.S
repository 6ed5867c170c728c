// Entry at EL1 with the MMU off, the switch to virtual addresses, and the exception vectors.

	.section .text.start, "ax"
	.global _start
	.type _start, %function
// Runs at its physical address, behind boot.S, which has looked at what a loader passes in x0 (a device tree, or nothing). The rest of it is not needed: the board is known.
_start:
	msr	daifset, #15
	adrp	x0, stack_top
	mov	sp, x0
	adrp	x0, bss_start
	adrp	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	mov	x0, #(3 << 20)		// CPACR_EL1.FPEN: FP and SIMD do not trap
	msr	cpacr_el1, x0
	isb
	bl	mmu_init		// returns with the MMU on, still at physical addresses
	ldr	x1, =kernel_offset
	add	sp, sp, x1
	adr	x0, 2f
	add	x0, x0, x1
	br	x0
2:	bl	mmu_drop_identity	// from here on at virtual addresses
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el1, x0
	isb
	bl	main
	b	power_off
	.size _start, . - _start

	.macro vector target
	.balign 128
	stp	x29, x30, [sp, #-16]!
	bl	\target
	.endm

	.section .text.vectors, "ax"
	.balign 2048
	.global vectors
	.type vectors, %object
vectors:
	.rept 4				// current EL with SP_EL0: not used
	vector	unexpected_entry
	.endr
	vector	unexpected_entry	// current EL with SP_EL1: synchronous
	vector	irq_entry
	vector	unexpected_entry
	vector	unexpected_entry
	.rept 8				// lower ELs: there are none
	vector	unexpected_entry
	.endr
	.size vectors, . - vectors

	.text
	.type irq_entry, %function
// The vector has pushed x29 and x30. Handlers are compiled without FP, so only the caller-saved general registers are at stake.
irq_entry:
	sub	sp, sp, #176
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x18, x0, [sp, #144]
	str	x1, [sp, #160]
	bl	handle_irq
	ldp	x18, x0, [sp, #144]
	ldr	x1, [sp, #160]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	add	sp, sp, #176
	ldp	x29, x30, [sp], #16
	eret
	.size irq_entry, . - irq_entry

	.type unexpected_entry, %function
unexpected_entry:
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	b	handle_unexpected
	.size unexpected_entry, . - unexpected_entry
