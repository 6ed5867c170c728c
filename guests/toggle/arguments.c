/* The kernel command line, from the device tree. Runs at physical addresses with the MMU off; what it finds goes to .data, because .bss is cleared later. */
#include <stddef.h>
#include "toggle.h"

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROP 3
#define FDT_NOP 4

#define MOST 100000000ul
#define MOST_CYCLES 1000000ul
#define LEAST_KIB 16ul
#define MOST_KIB (64ul << 10)

uint64_t cycle_count __attribute__((section(".data"))) = 200;
unsigned buffer_count __attribute__((section(".data"))) = 2;
uint64_t buffer_kib[MOST_BUFFERS] __attribute__((section(".data"))) = { 4ul << 10, 64ul << 10 };

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

/* Where the value of a word NAME=VALUE begins; 0 where there is none. */
static uint32_t value_of(const char *name, const unsigned char *text, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		uint32_t matched = 0;

		if (i > 0 && text[i - 1] != ' ')
			continue;
		while (name[matched] && i + matched < length && text[i + matched] == (unsigned char)name[matched])
			matched++;
		if (!name[matched])
			return i + matched;
	}
	return 0;
}

static uint64_t number(const unsigned char *text, uint32_t length, uint32_t *at)
{
	uint64_t value = 0;

	for (; *at < length && text[*at] >= '0' && text[*at] <= '9'; ++*at)
		if (value <= MOST)
			value = value * 10 + text[*at] - '0';
	return value;
}

/* cycles=N, and buffers=KIB,KIB,... What makes no sense is as if it were not there. */
static void parse(const unsigned char *text, uint32_t length)
{
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
