#include "outbox.h"

#include "byte_ring.h"
#include "seal.h"

#define CALM_BYTES 192u /* 0.2 s of a line of 9600 baud */

static uint16_t boot_number;
static uint8_t next_sequence;

void outbox_begin(uint16_t boot)
{
    boot_number = boot;
    next_sequence = (uint8_t)(boot * PACKET_SEQUENCE_STRIDE);
}

uint16_t outbox_boot(void)
{
    return boot_number;
}

uint8_t outbox_next_sequence(void)
{
    return next_sequence++;
}

bool outbox_has_room(uint16_t size_bytes)
{
    return transmit_room_bytes() >= size_bytes;
}

bool outbox_is_calm(void)
{
    return transmit_room_bytes() > TRANSMIT_RING_BYTES - CALM_BYTES;
}

void outbox_send(uint8_t *packet, uint8_t packet_bytes)
{
    transmit_put(packet, packet_bytes);
}

void outbox_send_sealed(uint8_t *packet, uint8_t packet_bytes, uint16_t counter_high)
{
    seal_packet(packet, packet_bytes, boot_number, counter_high);
    transmit_put(packet, packet_bytes);
}
