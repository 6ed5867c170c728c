/* The kernel command line, from the device tree. Runs at physical addresses with the MMU off; what it finds goes to .data, because .bss is cleared later. */
#include <stddef.h>
#include "toggle.h"

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROP 3
#define FDT_NOP 4

#define MOST_CYCLES 1000000ul

uint64_t cycle_count __attribute__((section(".data"))) = 200;

void read_arguments(const unsigned char *tree);

static uint32_t big_endian(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int same(const unsigned char *text, const char *wanted)
{
	for (; *wanted; text++, wanted++)
		if (*text != (unsigned char)*wanted)
			return 0;
	return *text == 0;
}

/* cycles=N, as a word of its own. */
static void parse(const unsigned char *text, uint32_t length)
{
	static const char name[] = "cycles=";
	const uint32_t name_length = sizeof name - 1;

	for (uint32_t i = 0; i + name_length < length; i++) {
		uint32_t matched = 0;

		while (matched < name_length && text[i + matched] == (unsigned char)name[matched])
			matched++;
		if (matched < name_length || (i > 0 && text[i - 1] != ' '))
			continue;

		uint64_t value = 0;
		for (uint32_t at = i + name_length; at < length && text[at] >= '0' && text[at] <= '9' && value <= MOST_CYCLES; at++)
			value = value * 10 + text[at] - '0';
		if (value >= 2 && value <= MOST_CYCLES)
			cycle_count = value;
	}
}

void read_arguments(const unsigned char *tree)
{
	if (!tree || ((uintptr_t)tree & 7) || big_endian(tree) != FDT_MAGIC)
		return;

	const unsigned char *end = tree + big_endian(tree + 4);
	const unsigned char *strings = tree + big_endian(tree + 12);
	for (const unsigned char *at = tree + big_endian(tree + 8); at + 4 <= end;) {
		uint32_t token = big_endian(at);

		at += 4;
		if (token == FDT_BEGIN_NODE) {
			while (at < end && *at)
				at++;
			at = tree + (((size_t)(at - tree) + 4) & ~3ul);
		} else if (token == FDT_PROP) {
			uint32_t length = big_endian(at), name = big_endian(at + 4);

			if (length > (size_t)(end - at))
				return;
			if (same(strings + name, "bootargs")) {
				parse(at + 8, length);
				return;
			}
			at += 8 + ((length + 3) & ~3u);
		} else if (token != FDT_END_NODE && token != FDT_NOP) {
			return;
		}
	}
}
