/* The kernel command line. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdint.h>

/* Each program has its own: called by boot.S at physical addresses with the MMU off. What it finds must go to .data, because .bss is cleared later. */
void read_arguments(const unsigned char *tree);

/* The command line in a device tree (or none: 0), and its length. */
const unsigned char *command_line(const unsigned char *tree, uint32_t *length);

/* Where the value of a word NAME=VALUE begins; 0 where there is none. */
uint32_t value_of(const char *name, const unsigned char *text, uint32_t length);

/* The number at *AT, which moves behind it; one that is too large stays larger than most. */
uint64_t number(const unsigned char *text, uint32_t length, uint32_t *at);

#endif
