/* What the kernel command line asks for. */
#include "arguments.h"
#include "toggle.h"

#define MOST_CYCLES 1000000ul
#define LEAST_KIB 16ul
#define MOST_KIB (64ul << 10)

uint64_t cycle_count __attribute__((section(".data"))) = 200;
unsigned buffer_count __attribute__((section(".data"))) = 2;
uint64_t buffer_kib[MOST_BUFFERS] __attribute__((section(".data"))) = { 4ul << 10, 64ul << 10 };

/* cycles=N, and buffers=KIB,KIB,... What makes no sense is as if it were not there. */
void read_arguments(const unsigned char *tree)
{
	uint32_t length;
	const unsigned char *text = command_line(tree, &length);
	if (!text)
		return;

	uint32_t at = value_of("cycles=", text, length);
	if (at) {
		uint64_t value = number(text, length, &at);

		if (value >= 2 && value <= MOST_CYCLES)
			cycle_count = value;
	}

	at = value_of("buffers=", text, length);
	if (at) {
		uint64_t sizes[MOST_BUFFERS];
		unsigned count = 0;

		do {
			uint64_t value = number(text, length, &at);

			if (count == MOST_BUFFERS || value < LEAST_KIB || value > MOST_KIB || value % 4)
				return;
			sizes[count++] = value;
		} while (at < length && text[at++] == ',');
		for (unsigned i = 0; i < count; i++)
			buffer_kib[i] = sizes[i];
		buffer_count = count;
	}
}
