// Entry: what the device tree says is read before the startup code clears memory and turns the MMU on.

	.section .text.start, "ax"
	.global boot
	.type boot, %function
boot:
	adrp	x1, stack_top
	mov	sp, x1
	bl	read_arguments		// x0: the device tree, or nothing
	b	_start
	.size boot, . - boot
