/* Figures of the firmware: time in interrupts, time without them, sleep, RAM that was never used. */
#ifndef METERS_H
#define METERS_H

#include <stdint.h>
#include <stdio.h>

void meters_start(void);
void meters_reset(void);
void meters_paint_ram(void);
void meters_step(uint64_t cycle_before, int asleep);
void meters_print(FILE *out);
void meters_forget(void);

#endif
