/* ADS1292R: what its registers have to hold and what its frames mean (TI, SBAS502). */
#ifndef ECG_NODE_ADS1292R_H
#define ECG_NODE_ADS1292R_H

#include "front_end.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADS1292R_FRAME_BYTES 9 /* 3 of status, 3 of each channel */
#define ADS1292R_ID 0x73
#define ADS1292R_ID_REGISTER 0x00
#define ADS1292R_CONFIG2 0x02
#define ADS1292R_CH1SET 0x04
#define ADS1292R_FIRST_REGISTER 0x01
#define ADS1292R_REGISTERS 11 /* CONFIG1 to GPIO */
#define ADS1292R_LOFF_STAT 0x08 /* read only; what is written there is ignored */

/* Removes the electrodes' offset of one channel; begins anew after an overload. */
typedef struct {
    int32_t sum;
    bool settled;
    uint8_t overloaded_samples;
} offset_t;

typedef struct {
    uint16_t fs_hz;
    offset_t offset[CHANNEL_COUNT];
    uint8_t unsettled_samples; /* still coming out of the digital filter after a switch */
} ads1292r_t;

/* Values of the registers 0x01 to 0x0B at this rate, with the test signal or the electrodes. */
void ads1292r_registers(uint8_t registers[ADS1292R_REGISTERS], uint16_t fs_hz, bool test_signal);

/* Begin at this rate, or with another input. */
void ads1292r_begin(ads1292r_t *converter, uint16_t fs_hz);

/* Read one frame; false where its first bits are not a frame's. */
bool ads1292r_read(ads1292r_t *converter, const uint8_t frame[ADS1292R_FRAME_BYTES],
                   sample_t *sample);

void ads1292r_describe(hello_t *hello, uint16_t fs_hz);

#ifdef __cplusplus
}
#endif

#endif
