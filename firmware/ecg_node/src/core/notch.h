/* A notch at the mains frequency, 2 Hz wide at -3 dB, in 16-bit integers. */
#ifndef ECG_NODE_NOTCH_H
#define ECG_NODE_NOTCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int16_t input[2];  /* the two before */
    int16_t output[2];
    int16_t remainder[2]; /* of their rounding: without it the poles would hum by themselves */
} notch_t;

/* Whether there is a notch for this rate. */
bool notch_exists(uint8_t mains_hz, uint16_t fs_hz);

/* Let the filter begin with this level as if it had always been there. */
void notch_begin(notch_t *notch, int16_t level);

int16_t notch_step(notch_t *notch, int16_t input, uint8_t mains_hz, uint16_t fs_hz);

#ifdef __cplusplus
}
#endif

#endif
