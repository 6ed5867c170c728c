/* What the kernel command line asks for. */
#include "arguments.h"
#include "demo.h"

#define LEAST_INTERVAL 256ul
#define MOST_INTERVAL (1ul << 24)

uint64_t sample_interval __attribute__((section(".data"))) = 1024;
unsigned sample_jitter __attribute__((section(".data"))) = 1;

/* interval=N, a multiple of 256, and jitter=0 or 1. What makes no sense is as if it were not there. */
void read_arguments(const unsigned char *tree)
{
	uint32_t length;
	const unsigned char *text = command_line(tree, &length);
	if (!text)
		return;

	uint32_t at = value_of("interval=", text, length);
	if (at) {
		uint64_t value = number(text, length, &at);

		if (value >= LEAST_INTERVAL && value <= MOST_INTERVAL && value % LEAST_INTERVAL == 0)
			sample_interval = value;
	}

	at = value_of("jitter=", text, length);
	if (at && at < length && (text[at] == '0' || text[at] == '1'))
		sample_jitter = text[at] - '0';
}
