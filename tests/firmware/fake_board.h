/* A board without a chip: what the core asks of one, for tests on a computer. */
#ifndef FAKE_BOARD_H
#define FAKE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/front_end.h"

void fake_board_begin(uint32_t line_bytes_per_s);

/* Let time pass; what the line carries meanwhile is given to `sent`. */
void fake_line_run(uint32_t elapsed_ms, void (*sent)(uint8_t byte));

void fake_line_speed(uint32_t line_bytes_per_s);

/* The front end's next sample, and samples that it lost. */
void fake_sample(const sample_t *sample);
void fake_missed(uint32_t sample_count);
void fake_front_end_fault(bool faulty);

bool fake_led_is_on(void);
bool fake_self_test_runs(void);
uint16_t fake_rate_hz(void);
uint32_t fake_restarts(void);

#endif
