#include "samples.h"

#define SAMPLES_MAX_PAYLOAD_BYTES 240

uint8_t samples_type(uint8_t lead_count, uint8_t width_bits, bool test_signal)
{
    uint8_t wide = width_bits == 16 ? SAMPLES_WIDE : 0;
    uint8_t test = test_signal ? SAMPLES_TEST_SIGNAL : 0;
    return (uint8_t)(PACKET_SAMPLES | test | wide | lead_count);
}

void sample_packer_begin(sample_packer_t *packer, uint8_t *packet, uint8_t type, uint16_t counter)
{
    packer->packet = packet;
    packer->type = type;
    packer->body_bytes = SAMPLES_COUNTER_BYTES;
    packer->half_byte_open = false;
    put_u16(packet + PACKET_HEADER_BYTES, counter);
}

static void put_byte(sample_packer_t *packer, uint8_t byte)
{
    packer->packet[PACKET_HEADER_BYTES + packer->body_bytes] = byte;
    packer->body_bytes++;
}

static void put_twelve_bits(sample_packer_t *packer, uint16_t bits)
{
    if (packer->half_byte_open) {
        uint8_t *open_byte = packer->packet + PACKET_HEADER_BYTES + packer->body_bytes - 1;
        *open_byte = (uint8_t)(*open_byte | (bits & 0x0Fu) << 4);
        put_byte(packer, (uint8_t)(bits >> 4));
    } else {
        put_byte(packer, (uint8_t)bits);
        put_byte(packer, (uint8_t)(bits >> 8 & 0x0Fu));
    }
    packer->half_byte_open = !packer->half_byte_open;
}

void sample_packer_put(sample_packer_t *packer, int16_t count)
{
    uint16_t bits = (uint16_t)count;
    if (packer->type & SAMPLES_WIDE) {
        put_byte(packer, (uint8_t)bits);
        put_byte(packer, (uint8_t)(bits >> 8));
    } else {
        put_twelve_bits(packer, bits);
    }
}

uint8_t sample_packer_seal(sample_packer_t *packer, uint8_t sequence)
{
    return packet_seal(packer->packet, packer->type, sequence, packer->body_bytes);
}

static uint8_t leads_of(uint8_t type)
{
    return type & 0x07;
}

static uint8_t width_bits_of(uint8_t type)
{
    return type & SAMPLES_WIDE ? 16 : 12;
}

uint8_t samples_in_body(uint8_t body_bytes, uint8_t type)
{
    uint8_t lead_count = leads_of(type);
    if (lead_count < 1 || lead_count > SAMPLES_MAX_LEADS || body_bytes <= SAMPLES_COUNTER_BYTES)
        return 0;
    uint8_t payload_bytes = (uint8_t)(body_bytes - SAMPLES_COUNTER_BYTES);
    uint8_t sample_bits = (uint8_t)(lead_count * width_bits_of(type));
    uint16_t samples = (uint16_t)(payload_bytes * 8u / sample_bits);
    uint16_t needed_bytes = (uint16_t)((samples * sample_bits + 7u) / 8u);
    bool fits = needed_bytes == payload_bytes && payload_bytes <= SAMPLES_MAX_PAYLOAD_BYTES;
    return fits ? (uint8_t)samples : 0;
}

int16_t samples_count_at(const uint8_t *packet, uint8_t index)
{
    const uint8_t *payload = packet + PACKET_HEADER_BYTES + SAMPLES_COUNTER_BYTES;
    if (packet_type_of(packet) & SAMPLES_WIDE)
        return (int16_t)read_u16(payload + 2 * index);
    const uint8_t *pair = payload + index / 2 * 3;
    uint16_t bits = index % 2 ? (uint16_t)(pair[1] >> 4 | pair[2] << 4)
                              : (uint16_t)(pair[0] | (pair[1] & 0x0F) << 8);
    return (int16_t)(bits & 0x800u ? bits | 0xF000u : bits);
}

bool samples_are_valid(const uint8_t *packet)
{
    uint8_t type = packet_type_of(packet);
    uint8_t body_bytes = packet_body_bytes_of(packet);
    uint8_t samples = samples_in_body(body_bytes, type);
    bool lone_half_byte = !(type & SAMPLES_WIDE) && (samples * leads_of(type)) % 2 == 1;
    uint8_t last_byte = packet[PACKET_HEADER_BYTES + body_bytes - 1];
    return samples > 0 && (!lone_half_byte || last_byte <= 0x0F);
}
