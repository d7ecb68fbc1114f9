#include "meters.h"

#include <string.h>

#include "machine.h"

enum { VECTORS = 26, ENTRY_CYCLES = 4, RAM_START = 0x100 };

static struct interrupt {
	uint64_t pending_since, entered;
	uint64_t longest_cycles, longest_wait_cycles, total_cycles;
	uint32_t count;
	int running;
} interrupts[VECTORS];

static uint64_t began_at, asleep_cycles, longest_masked_cycles, masked_since;
static int masked, has_begun;

/* No two neighbours alike, so that no array of zeros or ones passes for paint. */
static uint8_t paint(int address)
{
	return (uint8_t)(address * 167 + (address >> 8) * 59 + 0x5a);
}

void meters_paint_ram(void)
{
	/* After power on registers hold anything, too. */
	for (int address = 0; address < 32; address++)
		avr->data[address] = paint(address);
	for (int address = RAM_START; address <= avr->ramend; address++)
		avr->data[address] = paint(address);
}

static void on_pending(struct avr_irq_t *irq, uint32_t value, void *param)
{
	struct interrupt *interrupt = param;

	(void)irq;
	if (value && !interrupt->pending_since)
		interrupt->pending_since = avr->cycle;
}

static void on_running(struct avr_irq_t *irq, uint32_t value, void *param)
{
	struct interrupt *interrupt = param;

	(void)irq;
	if (value) {
		uint64_t wait;

		/* What the hardware needs to enter, which simavr does for nothing. */
		avr->cycle += ENTRY_CYCLES;
		wait = interrupt->pending_since ? avr->cycle - interrupt->pending_since : 0;
		if (wait > interrupt->longest_wait_cycles)
			interrupt->longest_wait_cycles = wait;
		interrupt->pending_since = 0;
		interrupt->entered = avr->cycle - ENTRY_CYCLES;
		interrupt->running = 1;
		interrupt->count++;
	} else if (interrupt->running) {
		/* RETI itself takes four more. */
		uint64_t spent = avr->cycle + 4 - interrupt->entered;

		interrupt->running = 0;
		interrupt->total_cycles += spent;
		if (spent > interrupt->longest_cycles)
			interrupt->longest_cycles = spent;
	}
}

void meters_start(void)
{
	for (int vector = 1; vector < VECTORS; vector++) {
		avr_irq_t *irq = avr_get_interrupt_irq(avr, (uint8_t)vector);

		if (!irq)
			continue;
		avr_irq_register_notify(irq + AVR_INT_IRQ_PENDING, on_pending, &interrupts[vector]);
		avr_irq_register_notify(irq + AVR_INT_IRQ_RUNNING, on_running, &interrupts[vector]);
	}
}

void meters_reset(void)
{
	for (int vector = 0; vector < VECTORS; vector++) {
		interrupts[vector].running = 0;
		interrupts[vector].pending_since = 0;
	}
	masked = has_begun = 0;
}

/* What runs before the first `sei` is the start, and not counted as masked. */
void meters_step(uint64_t cycle_before, int asleep)
{
	/* The instruction SLEEP takes all the time up to the next event of simavr at once. */
	if (asleep || avr->state == cpu_Sleeping)
		asleep_cycles += avr->cycle - cycle_before;
	if (avr->sreg[S_I]) {
		has_begun = 1;
		if (masked && avr->cycle - masked_since > longest_masked_cycles)
			longest_masked_cycles = avr->cycle - masked_since;
		masked = 0;
	} else if (has_begun && !masked) {
		masked = 1;
		masked_since = cycle_before;
	}
}

void meters_forget(void)
{
	memset(interrupts, 0, sizeof interrupts);
	began_at = avr->cycle;
	asleep_cycles = longest_masked_cycles = 0;
}

/* The longest stretch that still has its paint lies between the variables and the stack. */
static void untouched_ram(int *first, int *size)
{
	int run = 0;

	*size = *first = 0;
	for (int address = RAM_START; address <= avr->ramend; address++) {
		run = avr->data[address] == paint(address) ? run + 1 : 0;
		if (run > *size) {
			*size = run;
			*first = address - run + 1;
		}
	}
}

void meters_print(FILE *out)
{
	int first, size;
	const char *comma = "";

	untouched_ram(&first, &size);
	fprintf(out, "\"cycles\":%llu,\"asleep_cycles\":%llu,\"longest_masked_cycles\":%llu,",
		(unsigned long long)(avr->cycle - began_at), (unsigned long long)asleep_cycles,
		(unsigned long long)longest_masked_cycles);
	fprintf(out, "\"variables_bytes\":%d,\"untouched_bytes\":%d,\"stack_bytes\":%d,",
		first - RAM_START, size, avr->ramend + 1 - first - size);
	fprintf(out, "\"interrupts\":{");
	for (int vector = 0; vector < VECTORS; vector++) {
		struct interrupt *interrupt = &interrupts[vector];

		if (!interrupt->count)
			continue;
		fprintf(out, "%s\"%d\":{\"count\":%u,\"longest_cycles\":%llu,"
			"\"longest_wait_cycles\":%llu,\"total_cycles\":%llu}", comma, vector,
			interrupt->count, (unsigned long long)interrupt->longest_cycles,
			(unsigned long long)interrupt->longest_wait_cycles,
			(unsigned long long)interrupt->total_cycles);
		comma = ",";
	}
	fprintf(out, "}");
}
