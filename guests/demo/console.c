/* Text on a PL011. */
#include "demo.h"

#define UARTDR 0x00
#define UARTFR 0x18
#define UARTLCR_H 0x2c
#define UARTCR 0x30
#define FR_TXFF (1u << 5)

void console_init(void)
{
	mmio_write32(UART_BASE + UARTLCR_H, 0x70); /* 8 bits, FIFOs on */
	mmio_write32(UART_BASE + UARTCR, 0x301);   /* UARTEN, TXE, RXE */
}

static void put_character(char c)
{
	while (mmio_read32(UART_BASE + UARTFR) & FR_TXFF)
		;
	mmio_write32(UART_BASE + UARTDR, (uint8_t)c);
}

void put_string(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			put_character('\r');
		put_character(*text);
	}
}

void put_padded(const char *text, unsigned width)
{
	for (; *text; text++, width -= width > 0)
		put_character(*text);
	for (; width > 0; width--)
		put_character(' ');
}

void put_decimal(uint64_t value, unsigned width)
{
	char digits[21];
	unsigned at = sizeof digits;

	digits[--at] = 0;
	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	for (unsigned length = sizeof digits - 1 - at; length < width; length++)
		put_character(' ');
	put_string(digits + at);
}

void put_hex(uint64_t value, unsigned digits)
{
	put_string("0x");
	while (digits-- > 0)
		put_character("0123456789abcdef"[value >> (4 * digits) & 15]);
}
