/* What happened inside the simulated device, as fixed records in a file: all that a test judges. */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

enum {
	TRACE_CONVERSION = 1,	/* AVR converter: cycle of sample and hold, channel, 10-bit code */
	TRACE_WAKING = 0x80,	/* added to the channel: the first one since the converter was off */
	TRACE_CONVERTED = 2,	/* ADS1292R: cycle of data ready, channel 0 or 1, 24-bit code */
	TRACE_FETCHED = 3,	/* ADS1292R: the last of nine bytes was clocked out */
	TRACE_SENT = 4,		/* UART: the firmware wrote a byte; channel 1: while it must not */
	TRACE_RECEIVED = 5,	/* UART: a byte of the host began to arrive */
	TRACE_PIN = 6,		/* an output pin changed: channel = 'B'..'D', value = bit << 1 | level */
	TRACE_RESET = 7,	/* value: the flags of MCUSR that the firmware finds */
};

void trace_open(const char *path);
void trace_add(int kind, int channel, uint64_t cycle, int32_t value);
void trace_flush(void);

#endif
