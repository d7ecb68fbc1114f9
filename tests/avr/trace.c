#include "trace.h"

#include <stdio.h>
#include <stdlib.h>

struct record {
	uint64_t cycle;
	int32_t value;
	uint8_t kind;
	uint8_t channel;
	uint16_t unused;
};

static FILE *file;

void trace_open(const char *path)
{
	file = fopen(path, "wb");
	if (!file) {
		perror(path);
		exit(2);
	}
	setvbuf(file, NULL, _IOFBF, 1 << 18);
}

void trace_add(int kind, int channel, uint64_t cycle, int32_t value)
{
	struct record record = { cycle, value, (uint8_t)kind, (uint8_t)channel, 0 };

	fwrite(&record, sizeof record, 1, file);
}

void trace_flush(void)
{
	if (fflush(file)) {
		perror("trace");
		exit(2);
	}
}
