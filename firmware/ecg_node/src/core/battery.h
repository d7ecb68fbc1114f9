/* Battery voltage from conversions of the divider's middle. */
#ifndef ECG_NODE_BATTERY_H
#define ECG_NODE_BATTERY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Take one conversion of ten bits; a mean over about 64 of them forgets what a transmission does. */
void battery_see(uint16_t code);

/* In mV; NOT_REPORTED_U16 without a divider, and before the first conversion. */
uint16_t battery_mv(void);

#ifdef __cplusplus
}
#endif

#endif
