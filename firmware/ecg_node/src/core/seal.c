#include "seal.h"

#include "chaskey.h"

uint32_t seal_tag(const uint8_t key[CHASKEY_KEY_BYTES], const uint8_t *packet, uint8_t packet_bytes,
                  uint16_t boot, uint16_t counter_high)
{
    chaskey_t mac;
    uint8_t context[4];
    uint32_t words[4];
    put_u16(put_u16(context, boot), counter_high);
    chaskey_begin(&mac, key);
    chaskey_add(&mac, packet, (uint8_t)(packet_bytes - PACKET_CRC_BYTES));
    chaskey_add(&mac, context, sizeof context);
    chaskey_end(&mac, words);
    return words[0];
}

void seal_packet_with(const uint8_t key[CHASKEY_KEY_BYTES], uint8_t *packet, uint8_t packet_bytes,
                      uint16_t boot, uint16_t counter_high)
{
    uint8_t *crc = packet + packet_bytes - PACKET_CRC_BYTES;
    put_u32(crc, read_u32(crc) ^ seal_tag(key, packet, packet_bytes, boot, counter_high));
}

#ifdef ECG_KEY

static const uint8_t own_key[] = {ECG_KEY};

_Static_assert(sizeof own_key == CHASKEY_KEY_BYTES, "ECG_KEY: 16 bytes");

void seal_packet(uint8_t *packet, uint8_t packet_bytes, uint16_t boot, uint16_t counter_high)
{
    seal_packet_with(own_key, packet, packet_bytes, boot, counter_high);
}

#endif
