#include "packet.h"

#include "crc32.h"

uint8_t packet_seal(uint8_t *packet, uint8_t type, uint8_t sequence, uint8_t body_bytes)
{
    uint8_t unsealed_bytes = (uint8_t)(PACKET_HEADER_BYTES + body_bytes);
    packet[0] = PACKET_SYNC;
    packet[1] = (uint8_t)(PACKET_VERSION << 6 | type);
    packet[2] = body_bytes;
    packet[3] = sequence;
    put_u32(packet + unsealed_bytes, crc32_of(packet, unsealed_bytes));
    return (uint8_t)(unsealed_bytes + PACKET_CRC_BYTES);
}

bool packet_crc_holds(const uint8_t *packet, uint8_t packet_bytes)
{
    uint8_t covered_bytes = (uint8_t)(packet_bytes - PACKET_CRC_BYTES);
    return read_u32(packet + covered_bytes) == crc32_of(packet, covered_bytes);
}

uint8_t *put_u8(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

uint8_t *put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    return put_u16(put_u16(at, (uint16_t)value), (uint16_t)(value >> 16));
}

uint16_t read_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (uint16_t)at[1] << 8);
}

uint32_t read_u32(const uint8_t *at)
{
    return read_u16(at) | (uint32_t)read_u16(at + 2) << 16;
}
