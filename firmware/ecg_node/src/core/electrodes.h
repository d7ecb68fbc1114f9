/* Which electrodes are off: steady for a while, and told at least once. */
#ifndef ECG_NODE_ELECTRODES_H
#define ECG_NODE_ELECTRODES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ELECTRODE_COUNT 4
#define ELECTRODE_STEADY_SAMPLES 16 /* 64 ms at 250 Hz: longer than a knock on the cable */

typedef struct {
    uint8_t off;             /* ELECTRODE_* bits, steady */
    uint8_t off_since_asked; /* those that were off at any time since the last status */
    uint8_t steady_samples[ELECTRODE_COUNT];
} electrodes_t;

void electrodes_see(electrodes_t *electrodes, uint8_t off_bits);

/* For a status: off now, or off at some time since the last one. A loose contact shows that way. */
uint8_t electrodes_report(electrodes_t *electrodes);

#ifdef __cplusplus
}
#endif

#endif
