/* Five workloads with clearly different profiles, about eight million instructions each. Their names are what a profile shows. */
#include "demo.h"

#define WORKLOAD __attribute__((noinline, noclone, used))
/* Hides a value from the optimiser, so that a branch stays a branch. */
#define OPAQUE(variable) __asm__ volatile("" : "+r"(variable))

#define NODES (LIST_BYTES / sizeof(struct node))
#define ELEMENTS (ARRAY_BYTES / sizeof(uint64_t))

struct node { /* one cache line */
	struct node *next;
	uint64_t rest[7];
};

static struct node *const list = (struct node *)ARENA;
static uint64_t *const array = (uint64_t *)(ARENA + LIST_BYTES);

/* Links the nodes in the order of a full-period linear congruential generator: as good as shuffled for caches and TLBs, at a few instructions a node. */
void workloads_init(void)
{
	const uint64_t multiplier = 0x9e3b5, increment = 0x7f4a7; /* multiplier = 1 mod 4, increment odd: one cycle through all nodes */
	uint64_t next = increment;

	for (uint64_t i = 0; i < NODES; i++) {
		list[i].next = &list[next % NODES];
		next += multiplier;
	}
}

/* Streams: two arrays in, one out, each line used eight times. */
WORKLOAD uint64_t stream_triad(void)
{
	const uint64_t *b = (const uint64_t *)list, *c = b + ELEMENTS;
	uint64_t *a = array;

	for (uint64_t i = 0; i < ELEMENTS; i++)
		a[i] = b[i] + 3 * c[i];
	return a[0] + a[ELEMENTS / 2] + a[ELEMENTS - 8];
}

/* One dependent load after another, each to another page and a line long gone from every cache. */
WORKLOAD uint64_t chase_list(void)
{
	const struct node *at = list;
	uint64_t sum = 0;

	for (unsigned i = 0; i < 2000000; i++) {
		at = at->next;
		sum ^= (uintptr_t)at;
	}
	return sum;
}

/* Branches on random bits: no predictor can know them. */
WORKLOAD uint64_t branchy(void)
{
	uint64_t x = 0x9e3779b97f4a7c15, a = 1, b = 2, c = 3;

	for (unsigned i = 0; i < 620000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (x & 1) {
			a += x;
			OPAQUE(a);
		}
		if (x & 2) {
			b ^= a;
			OPAQUE(b);
		} else {
			c -= b;
			OPAQUE(c);
		}
		if (x & 4) {
			a -= c;
			OPAQUE(a);
		}
		if ((int64_t)x < 0) {
			c += 3;
			OPAQUE(c);
		} else {
			b += 5;
			OPAQUE(b);
		}
	}
	return a ^ b ^ c;
}

/* A polynomial by Horner's rule, with a square root and a division now and then: no memory, long latencies. */
WORKLOAD uint64_t float_poly(void)
{
	double x = 0.5, sum = 0;

	for (unsigned i = 0; i < 290000; i++) {
		double p = 1.0 / 3628800;

		p = p * x + 1.0 / 362880;
		p = p * x + 1.0 / 40320;
		p = p * x + 1.0 / 5040;
		p = p * x + 1.0 / 720;
		p = p * x + 1.0 / 120;
		p = p * x + 1.0 / 24;
		p = p * x + 1.0 / 6;
		p = p * x + 0.5;
		p = p * x + 1;
		p = p * x + 1;
		sum += __builtin_sqrt(p) / (1 + x);
		x = x * 0.999 + 0.0002 * p; /* drifts to the fixed point of x = exp(x) / 5 */
	}

	union {
		double value;
		uint64_t bits;
	} result = { sum };
	return result.bits;
}

/* Large System Extension atomics on one line: add, then compare and swap. */
WORKLOAD uint64_t atomic_counter(void)
{
	static uint64_t counter __attribute__((aligned(64))), ticket;

	for (uint64_t i = 0; i < 1150000; i++) {
		uint64_t seen = __atomic_load_n(&ticket, __ATOMIC_RELAXED);

		__atomic_fetch_add(&counter, i, __ATOMIC_ACQ_REL);
		__atomic_compare_exchange_n(&ticket, &seen, seen + 3, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
	return counter + ticket;
}

const struct workload workloads[] = {
	{ "stream_triad", stream_triad },
	{ "chase_list", chase_list },
	{ "branchy", branchy },
	{ "float_poly", float_poly },
	{ "atomic_counter", atomic_counter },
};
const unsigned workload_count = sizeof workloads / sizeof *workloads;
