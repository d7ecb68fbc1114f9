/* Voltages at the converter's pins and at the front end's inputs: levels, or a signal from a file. */
#ifndef ANALOG_H
#define ANALOG_H

#include <stdint.h>

enum { ANALOG_PINS = 8, ANALOG_COLUMNS = 2 };

void analog_start(void);

/* Float32 pairs in µV at `fs_hz`, from now on and round and round; 0 before a signal is given. */
int analog_play(const char *path, double fs_hz);
/* The signal's column at this cycle in µV, between two samples on the line that joins them. */
double analog_signal_uv(int column, uint64_t cycle);
/* Pin = offset + gain * column, in µV; column -1: the offset alone. */
void analog_wire(int pin, int column, double gain, double offset_uv);
/* White noise that is added at each conversion of the AVR, from a seeded generator. */
void analog_noise(double sigma_uv, uint64_t seed);
void analog_reference(double aref_uv, double avcc_uv);

#endif
