/* The parts of the toggling guest. */
#ifndef TOGGLE_H
#define TOGGLE_H

#include <stdint.h>

/* arguments.c */
#define MOST_BUFFERS 4
extern uint64_t cycle_count;
extern unsigned buffer_count;
extern uint64_t buffer_kib[MOST_BUFFERS];

/* buffer.c */
struct phase {
	uint64_t cycles;
	uint64_t ticks;         /* of the virtual counter, over all cycles but the first */
	uint64_t enable_ticks;  /* of these, spent enabling the buffer */
	uint64_t disable_ticks; /* and disabling it */
	uint64_t first_ticks;   /* enabling it in the first cycle */
	uint64_t records;       /* that are in the buffer and not lost by an event */
	uint64_t full;          /* events: buffer full */
	uint64_t faults;        /* events: anything else */
	uint64_t data_lost;     /* of these, with data loss or an external abort: the buffer's contents count for nothing */
	uint64_t collisions;    /* cycles with PMBSR_EL1.COLL */
	uint64_t status;        /* PMBSR_EL1 of the last event */
};
int buffer_init(void);
const struct phase *toggle(char *buffer, uint64_t bytes, uint64_t cycles);

#endif
