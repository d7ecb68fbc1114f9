/* The interface of the amplifiers and their converter; two implement it, config.h chooses one. */
#ifndef ECG_NODE_FRONT_END_H
#define ECG_NODE_FRONT_END_H

#include "../settings.h"
#include "messages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of 12-bit counts, levels carry two bits more, so that a filter rounds once, at its end. */
#define LEVEL_FRACTION_BITS (ADC_RESOLUTION == 12 ? 2 : 0)

typedef struct {
    int16_t level[CHANNEL_COUNT]; /* counts << LEVEL_FRACTION_BITS, 0 at 0 mV */
    uint8_t saturated;            /* a bit for each channel whose input was out of range */
    uint8_t electrodes_off;       /* ELECTRODE_* */
    uint32_t missed_before;       /* samples that were due before this one and came to nothing */
} sample_t;

/* Convert at this rate from now on: 125, 250 or 500 Hz, as FASTEST_RATE_HZ allows. */
void front_end_begin(uint16_t fs_hz);

/* Do what is due; called each time the program wakes up. */
void front_end_poll(uint32_t now_ms);

/* The next sample, if there is one. */
bool front_end_take(sample_t *sample);

/* Whether it answers and converts. */
bool front_end_works(void);

/* Where the 1 mV square wave enters. The AD8232 has no input for one: there it takes the place of
 * what the converter gave, and tests packing, line and gateway. */
#define FRONT_END_SELF_TEST_POINT \
    (FRONT_END == FRONT_END_AD8232 ? SELF_TEST_BEHIND_AMPLIFIER : SELF_TEST_BEFORE_AMPLIFIER)

/* Switch the square wave on or off; within 8 samples nothing is left of what was there before. */
void front_end_self_test(bool on);
#define FRONT_END_SETTLING_SAMPLES 8

/* Fill in what the counts mean: resolution, scale, corners, range. */
void front_end_describe(hello_t *hello, uint16_t fs_hz);

#ifdef __cplusplus
}
#endif

#endif
