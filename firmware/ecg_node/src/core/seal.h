/* The seal of a node with a key (docs/protocol.md, "Sealed packets"). */
#ifndef ECG_NODE_SEAL_H
#define ECG_NODE_SEAL_H

#include "../settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A node with a key takes a new boot number before its counter passes 0xFFFF0000; two seconds. */
#define SEAL_RESTART_COUNTER (0xFFFF0000u - 500u)

/* Mix the tag into the CRC of a packet that packet_seal has finished. Nothing without a key. */
#ifdef ECG_KEY
void seal_packet(uint8_t *packet, uint8_t packet_bytes, uint16_t boot, uint16_t counter_high);
#else
static inline void seal_packet(uint8_t *packet, uint8_t packet_bytes, uint16_t boot,
                               uint16_t counter_high)
{
    (void)packet;
    (void)packet_bytes;
    (void)boot;
    (void)counter_high;
}
#endif

/* The same with any key; once more takes the seal off. */
void seal_packet_with(const uint8_t key[16], uint8_t *packet, uint8_t packet_bytes, uint16_t boot,
                      uint16_t counter_high);

/* The tag of a packet, its CRC left out. */
uint32_t seal_tag(const uint8_t key[16], const uint8_t *packet, uint8_t packet_bytes, uint16_t boot,
                  uint16_t counter_high);

#ifdef __cplusplus
}
#endif

#endif
