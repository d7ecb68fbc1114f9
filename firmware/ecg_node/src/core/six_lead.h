/* The other frame: six leads and a sum (docs/protocol.md, "Six-lead"). */
#ifndef ECG_NODE_SIX_LEAD_H
#define ECG_NODE_SIX_LEAD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIX_LEAD_FRAME_BYTES 13

/* Write the frame of one sample; III, aVL, aVF and aVR follow from I and II. */
void six_lead_encode(uint8_t frame[SIX_LEAD_FRAME_BYTES], int16_t lead_i, int16_t lead_ii);

#ifdef __cplusplus
}
#endif

#endif
