/* Two AD8232 on a 10-bit converter: what sixteen conversions mean. */
#ifndef ECG_NODE_AD8232_H
#define ECG_NODE_AD8232_H

#include "front_end.h"

#ifdef __cplusplus
extern "C" {
#endif

#define AD8232_CONVERSIONS 16 /* of each channel in a sample: 2 bits more than one has */

/* The amplifier reaches to 0.1 V from its rails (its data sheet, 50 kOhm of load): what comes so
 * near is not believed. */
#define AD8232_SWING_MARGIN_MV 100

/* Level (a quarter of a count) of the sum of sixteen conversions; half of AREF is 0 mV. */
int16_t ad8232_level(uint16_t sum);

bool ad8232_is_saturated(uint16_t sum);

/* Electrodes that are off by the four pins; true: the pin is high. */
uint8_t ad8232_electrodes_off(bool lead_i_plus, bool lead_i_minus, bool lead_ii_plus,
                              bool lead_ii_minus);

/* Level of the square wave that takes the heart's place in a self test. */
int16_t ad8232_test_level(uint16_t sample_index, uint16_t fs_hz);

void ad8232_describe(hello_t *hello);

#ifdef __cplusplus
}
#endif

#endif
