/* The kernel command line, from the device tree. */
#include <stddef.h>
#include "arguments.h"

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROP 3
#define FDT_NOP 4

#define MOST 100000000ul

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

uint32_t value_of(const char *name, const unsigned char *text, uint32_t length)
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

uint64_t number(const unsigned char *text, uint32_t length, uint32_t *at)
{
	uint64_t value = 0;

	for (; *at < length && text[*at] >= '0' && text[*at] <= '9'; ++*at)
		if (value <= MOST)
			value = value * 10 + text[*at] - '0';
	return value;
}

const unsigned char *command_line(const unsigned char *tree, uint32_t *length)
{
	if (!tree || ((uintptr_t)tree & 7) || big_endian(tree) != FDT_MAGIC)
		return 0;

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
			uint32_t name = big_endian(at + 4);

			*length = big_endian(at);
			if (*length > (size_t)(end - at))
				return 0;
			if (same(strings + name, "bootargs"))
				return at + 8;
			at += 8 + ((*length + 3) & ~3u);
		} else if (token != FDT_END_NODE && token != FDT_NOP) {
			return 0;
		}
	}
	return 0;
}
