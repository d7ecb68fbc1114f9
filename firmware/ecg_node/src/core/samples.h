/* Packets of samples: counts of 12 or 16 bits, packed (docs/protocol.md, "Samples"). */
#ifndef ECG_NODE_SAMPLES_H
#define ECG_NODE_SAMPLES_H

#include "packet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SAMPLES_TEST_SIGNAL 0x10
#define SAMPLES_WIDE 0x08

/* A packet that grows count by count. */
typedef struct {
    uint8_t *packet;
    uint8_t type;
    uint8_t body_bytes;
    bool half_byte_open; /* the last byte of the body has room in its upper half */
} sample_packer_t;

uint8_t samples_type(uint8_t lead_count, uint8_t width_bits, bool test_signal);

void sample_packer_begin(sample_packer_t *packer, uint8_t *packet, uint8_t type, uint16_t counter);

/* Add one count; the caller keeps to the packet's room. */
void sample_packer_put(sample_packer_t *packer, int16_t count);

/* Finish the packet and return its bytes. */
uint8_t sample_packer_seal(sample_packer_t *packer, uint8_t sequence);

/* Samples in a body of so many bytes; 0 where no whole number of samples gives it. */
uint8_t samples_in_body(uint8_t body_bytes, uint8_t type);

/* One count of a packet; sample by sample, within a sample lead by lead. */
int16_t samples_count_at(const uint8_t *packet, uint8_t index);

/* Whether a packet with a right CRC is one that the page allows. */
bool samples_are_valid(const uint8_t *packet);

#ifdef __cplusplus
}
#endif

#endif
