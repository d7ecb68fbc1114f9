/* What follows from config.h, and why some of it cannot be. */
#ifndef ECG_NODE_SETTINGS_H
#define ECG_NODE_SETTINGS_H

#include "../config.h"
#include "core/packet.h"

/* The key of sealed packets, written by `ecgctl device key`; without the file there is none. */
#if defined(__has_include) && !defined(ECG_NODE_NO_KEY_FILE)
#if __has_include("../ecg_key.h")
#include "../ecg_key.h"
#endif
#endif

#define FIRMWARE_VERSION "1.0.0"

#define CHANNEL_COUNT 2 /* I and II */
#define ELECTRODES_SENSED (ELECTRODE_RA | ELECTRODE_LA | ELECTRODE_LL)

#if FRONT_END != FRONT_END_AD8232 && FRONT_END != FRONT_END_ADS1292R
#error "FRONT_END: FRONT_END_AD8232 or FRONT_END_ADS1292R."
#endif
#if FRAME_FORMAT != FRAME_BLOCK && FRAME_FORMAT != FRAME_SIX_LEAD
#error "FRAME_FORMAT: FRAME_BLOCK or FRAME_SIX_LEAD."
#endif
#if NUM_LEADS != 6
#error "NUM_LEADS: 6. Both front ends measure I and II, which give the six limb leads."
#endif
#if MAINS_NOTCH_HZ != 0 && MAINS_NOTCH_HZ != 50 && MAINS_NOTCH_HZ != 60
#error "MAINS_NOTCH_HZ: 0 (off), 50 or 60."
#endif
#if BATTERY_BOTTOM_KOHM <= 0 || BATTERY_TOP_KOHM < 0 || BATTERY_TOP_KOHM > 19 * BATTERY_BOTTOM_KOHM
#error "BATTERY_TOP_KOHM, BATTERY_BOTTOM_KOHM: a divider by 20 at most."
#endif
#if AREF_MV < 1000 || AREF_MV > 5500
#error "AREF_MV: the voltage on the pin AREF, 1000 to 5500."
#endif

#if FRONT_END == FRONT_END_AD8232
#define MAX_SAMPLING_RATE 250
#if ADC_RESOLUTION != 12
#error "ADC_RESOLUTION: 12 with AD8232; sixteen conversions of ten bits give no more."
#endif
#if AD8232_GAIN < 20 || AD8232_GAIN > 5000
#error "AD8232_GAIN: the gain of the whole board, 1100 as it is sold."
#endif
#else
#define MAX_SAMPLING_RATE 500
#if ADC_RESOLUTION != 12 && ADC_RESOLUTION != 16
#error "ADC_RESOLUTION: 12 or 16."
#endif
#if ADS1292R_DC_COUPLED && ADC_RESOLUTION != 16
#error "ADS1292R_DC_COUPLED needs ADC_RESOLUTION 16: twelve bits cannot hold the electrodes' offset."
#endif
#endif

#if SAMPLING_RATE != 125 && SAMPLING_RATE != 250 && SAMPLING_RATE != 500
#error "SAMPLING_RATE: 125, 250 or 500."
#endif
#if SAMPLING_RATE > MAX_SAMPLING_RATE
#error "SAMPLING_RATE: two AD8232 reach 250, the ADC has no time for more."
#endif
#if MAINS_NOTCH_HZ == 60 && SAMPLING_RATE < 250
#error "MAINS_NOTCH_HZ 60 needs a SAMPLING_RATE of 250 or more."
#endif

/* The load of the line (docs/protocol.md, "What it costs"); bytes a second are rounded up. */
#define LINE_BYTES_PER_S (BAUD_RATE / 10L)
#define MAX_LOAD_PERCENT 92L
#define SAMPLES_PER_PACKET(fs_hz) ((fs_hz) / 10)
#define SAMPLES_PACKET_BYTES(fs_hz) \
    (PACKET_OVERHEAD_BYTES + SAMPLES_COUNTER_BYTES + \
     (SAMPLES_PER_PACKET(fs_hz) * CHANNEL_COUNT * ADC_RESOLUTION + 7) / 8)
#define BLOCK_BYTES_PER_S(fs_hz) \
    (((fs_hz) * SAMPLES_PACKET_BYTES(fs_hz) + SAMPLES_PER_PACKET(fs_hz) - 1) / \
         SAMPLES_PER_PACKET(fs_hz) + STATUS_PACKET_BYTES)
#define LINE_CARRIES(bytes_per_s) ((bytes_per_s) * 100L <= LINE_BYTES_PER_S * MAX_LOAD_PERCENT)

#if FRAME_FORMAT == FRAME_BLOCK
#if !LINE_CARRIES(BLOCK_BYTES_PER_S(SAMPLING_RATE))
#error "BAUD_RATE is too low for SAMPLING_RATE and ADC_RESOLUTION: over 92 % of the line."
#endif
#if LINE_CARRIES(BLOCK_BYTES_PER_S(500)) && MAX_SAMPLING_RATE >= 500
#define FASTEST_RATE_HZ 500
#elif LINE_CARRIES(BLOCK_BYTES_PER_S(250))
#define FASTEST_RATE_HZ 250
#else
#define FASTEST_RATE_HZ 125
#endif
#else
#if BAUD_RATE < 38400
#error "FRAME_SIX_LEAD needs a BAUD_RATE of 38400 or more: 13 bytes a sample are 3250 a second."
#endif
#if !LINE_CARRIES(SAMPLING_RATE * 13L)
#error "BAUD_RATE is too low for FRAME_SIX_LEAD at this SAMPLING_RATE: over 92 % of the line."
#endif
#define FASTEST_RATE_HZ SAMPLING_RATE
#endif

#endif
