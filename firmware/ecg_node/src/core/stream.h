/* From samples to packets: notch, rounding, packing, the counter, and what had no room. */
#ifndef ECG_NODE_STREAM_H
#define ECG_NODE_STREAM_H

#include "front_end.h"

#ifdef __cplusplus
extern "C" {
#endif

void stream_begin(uint16_t fs_hz);

/* The rate changes: between two packets. */
void stream_set_rate(uint16_t fs_hz);

/* Send samples from now on, or none; an unfinished packet is given up. The counter runs on. */
void stream_send(bool sending);

/* Mark the samples from here on as the test signal, or no longer: between two packets. */
void stream_mark_test(bool test_signal);

void stream_take(const sample_t *sample);

/* Samples that were due and never came: the next ones keep their place. */
void stream_skip(uint32_t sample_count);

/* Whether the next sample begins a packet. */
bool stream_is_between_packets(void);

bool stream_is_sending(void);
bool stream_is_marked_test(void);

/* Counter of the next sample to be sent. */
uint32_t stream_counter(void);
uint16_t stream_saturated(void);
uint16_t stream_overruns(void);

#ifdef __cplusplus
}
#endif

#endif
