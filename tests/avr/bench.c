/* A bench for the firmware's ELF file: commands on standard input, one line of answer each.
 *
 *     bench ELF TRACE EEPROM [ads1292r]
 *
 * Time stands still between commands unless `pace on` was said. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ads1292r.h"
#include "analog.h"
#include "machine.h"
#include "meters.h"
#include "serial.h"
#include "trace.h"

enum { LINE_BYTES = 8192, SLICE_CYCLES = CPU_HZ / 1000, MAX_LAG_SLICES = 1000 };

static int has_ads1292r, paced;
static uint64_t paced_cycle, sent_enough;
static struct timespec paced_since;

static void answer(const char *what)
{
	trace_flush();
	printf("%s\n", what);
	fflush(stdout);
}

static int has_sent_enough(void)
{
	return serial_sent_count() >= sent_enough;
}

static int send_hex(const char *hex)
{
	uint8_t bytes[LINE_BYTES / 2];
	size_t size = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[size++] = (uint8_t)byte;
	return serial_send(bytes, size);
}

static int reset_by(const char *name)
{
	static const struct { const char *name; enum reset_cause cause; } CAUSES[] = {
		{ "power", RESET_POWER }, { "external", RESET_EXTERNAL },
		{ "brown_out", RESET_BROWN_OUT },
	};
	char word[16], where[16] = "";

	sscanf(name, "%15s %15s", word, where);
	for (size_t i = 0; i < sizeof CAUSES / sizeof *CAUSES; i++)
		if (!strcmp(word, CAUSES[i].name)) {
			machine_reset(CAUSES[i].cause, !strcmp(where, "bootloader"));
			return 1;
		}
	return 0;
}

static void print_figures(void)
{
	printf("{");
	meters_print(stdout);
	printf(",");
	serial_print_figures(stdout);
	printf(",");
	ads1292r_print_figures(stdout);
	printf("}");
	answer("");
}

static void forget_figures(void)
{
	meters_forget();
	serial_forget_figures();
	ads1292r_forget_figures();
	answer("ok");
}

static void set_pace(int on)
{
	paced = on;
	paced_cycle = avr->cycle;
	clock_gettime(CLOCK_MONOTONIC, &paced_since);
	answer("ok");
}

static void run_command(const char *line)
{
	double a, b;
	unsigned long count;
	char port, word[LINE_BYTES];
	int x, y, good = 1;

	if (sscanf(line, "run %lf", &a) == 1) {
		machine_run(avr->cycle + (uint64_t)(a * CPU_HZ), NULL);
	} else if (sscanf(line, "until %lu %lf", &count, &a) == 2) {
		sent_enough = serial_sent_count() + count;
		machine_run(avr->cycle + (uint64_t)(a * CPU_HZ), has_sent_enough);
		good = has_sent_enough();
	} else if (sscanf(line, "send %8191s", word) == 1) {
		good = send_hex(word);
	} else if (sscanf(line, "pin %c%d %d", &port, &x, &y) == 3) {
		machine_drive(port, x, y);
	} else if (sscanf(line, "play %lf %8191s", &a, word) == 2) {
		good = analog_play(word, a);
	} else if (sscanf(line, "wire %d %d %lf %lf", &x, &y, &a, &b) == 4) {
		analog_wire(x, y, a, b);
	} else if (sscanf(line, "noise %lf %lu", &a, &count) == 2) {
		analog_noise(a, count);
	} else if (sscanf(line, "reference %lf %lf", &a, &b) == 2) {
		analog_reference(a, b);
	} else if (sscanf(line, "drift %lf", &a) == 1) {
		ads1292r_drift(a);
	} else if (sscanf(line, "loose %d", &x) == 1) {
		ads1292r_loose(x);
	} else if (sscanf(line, "poke %i %i", &x, &y) == 2) {
		avr->data[x] = (uint8_t)y;
	} else if (!strcmp(line, "upset")) {
		ads1292r_upset();
	} else if (!strncmp(line, "reset ", 6)) {
		good = reset_by(line + 6);
	} else if (sscanf(line, "hang %d", &x) == 1) {
		machine_hang(x);
	} else if (sscanf(line, "pace %d", &x) == 1) {
		set_pace(x);
		return;
	} else if (!strcmp(line, "plug")) {
		const char *name = serial_plug();

		answer(name ? name : "no");
		return;
	} else if (!strcmp(line, "unplug")) {
		serial_unplug();
	} else if (!strcmp(line, "figures")) {
		print_figures();
		return;
	} else if (!strcmp(line, "forget")) {
		forget_figures();
		return;
	} else {
		good = 0;
	}
	answer(good ? "ok" : "no");
}

/* Runs up to the present; a host that was held up for a second is not caught up with. */
static void keep_pace(void)
{
	struct timespec now;
	uint64_t due;

	clock_gettime(CLOCK_MONOTONIC, &now);
	due = paced_cycle + (uint64_t)((double)CPU_HZ * ((double)(now.tv_sec - paced_since.tv_sec) +
		1e-9 * (double)(now.tv_nsec - paced_since.tv_nsec)));
	if (due > avr->cycle + (uint64_t)MAX_LAG_SLICES * SLICE_CYCLES) {
		paced_cycle += due - avr->cycle;
		due = avr->cycle;
	}
	while (avr->cycle < due) {
		machine_run(avr->cycle + SLICE_CYCLES < due ? avr->cycle + SLICE_CYCLES : due, NULL);
		serial_exchange();
	}
}

/* One line, or 0 at the end of the input; keeps the pace while none comes. */
static int read_line(char *line)
{
	static char waiting[LINE_BYTES];
	static size_t size;

	for (;;) {
		char *end = memchr(waiting, '\n', size);

		if (end) {
			size_t length = (size_t)(end - waiting);

			memcpy(line, waiting, length);
			line[length] = 0;
			size -= length + 1;
			memmove(waiting, end + 1, size);
			return 1;
		}
		struct pollfd input = { .fd = 0, .events = POLLIN };

		if (poll(&input, 1, paced ? 1 : -1) > 0) {
			ssize_t got = size < sizeof waiting ?
				read(0, waiting + size, sizeof waiting - size) : 0;

			if (got <= 0)
				return 0;
			size += (size_t)got;
		}
		if (paced)
			keep_pace();
	}
}

int main(int count, char **words)
{
	char line[LINE_BYTES];

	if (count < 4) {
		fprintf(stderr, "usage: bench ELF TRACE EEPROM [ads1292r]\n");
		return 2;
	}
	has_ads1292r = count > 4 && !strcmp(words[4], "ads1292r");
	trace_open(words[2]);
	machine_load(words[1], words[3]);
	analog_start();
	serial_start();
	if (has_ads1292r)
		ads1292r_start();
	machine_reset(RESET_POWER, 0);
	answer("ready");
	while (read_line(line))
		run_command(line);
	machine_save_eeprom();
	return 0;
}
