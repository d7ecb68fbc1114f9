#include "byte_ring.h"

transmit_ring_t transmit_ring;
receive_ring_t receive_ring;

uint16_t transmit_room_bytes(void)
{
    uint16_t waiting_bytes = 0;
    UNINTERRUPTED
    {
        waiting_bytes = (transmit_ring.put_at - transmit_ring.take_at) % TRANSMIT_RING_BYTES;
    }
    return (uint16_t)(TRANSMIT_RING_BYTES - 1u - waiting_bytes);
}

void transmit_put(const uint8_t *bytes, uint8_t size_bytes)
{
    uint16_t at = transmit_ring.put_at;
    for (uint8_t index = 0; index < size_bytes; index++) {
        transmit_ring.bytes[at] = bytes[index];
        at = (at + 1u) % TRANSMIT_RING_BYTES;
    }
    /* Only now: the interrupt sees a packet whole or not at all. */
    UNINTERRUPTED
    {
        transmit_ring.put_at = at;
    }
    board_transmit_begin();
}

bool receive_take(uint8_t *byte)
{
    uint8_t at = receive_ring.take_at;
    if (at == receive_ring.put_at)
        return false;
    *byte = receive_ring.bytes[at];
    receive_ring.take_at = (uint8_t)((at + 1u) % RECEIVE_RING_BYTES);
    return true;
}
