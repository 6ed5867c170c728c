/* The parts of the demo and what they offer each other. */
#ifndef DEMO_H
#define DEMO_H

#include "machine.h"

/* The word that begins the last line of what is printed: other guests are made of these parts too. */
#ifndef PROGRAM
#define PROGRAM "DEMO"
#endif

/* console.c */
void console_init(void);
void put_string(const char *text);
void put_padded(const char *text, unsigned width);
void put_decimal(uint64_t value, unsigned width);
void put_hex(uint64_t value, unsigned digits);

/* interrupts.c */
void interrupts_init(void);
_Noreturn void power_off(void);
_Noreturn void fail(const char *why);

/* options.c */
extern uint64_t sample_interval; /* operations between samples; only the upper bits count, so it is a multiple of 256 */
extern unsigned sample_jitter;   /* 1: eight random bits move each sample */

/* spe.c */
struct spe_session {
	uint64_t bytes;      /* record bytes that reached the buffer */
	unsigned interrupts; /* buffer-full interrupts served */
};
int spe_init(void);             /* 1 when there is a profiling unit that EL1 may use; says what it found */
unsigned spe_record_size(void); /* bytes a record, when all have one size; else 0 */
void spe_start(void);
struct spe_session spe_stop(void);
void spe_interrupt(void);

/* workloads.c */
struct workload {
	const char *name;
	uint64_t (*run)(void);
};
extern const struct workload workloads[];
extern const unsigned workload_count;
void workloads_init(void);

#endif
