/* Rings between the program and the serial interrupts: one side puts, the other takes.
 *
 * The transmit ring holds 512 bytes, half a second of a 9600 baud line: the longest burst there is
 * (samples, status, hello and replies) fits with room to spare. Its positions have two bytes, so the
 * program touches them uninterrupted; the interrupts cannot be interrupted.
 */
#ifndef ECG_NODE_BYTE_RING_H
#define ECG_NODE_BYTE_RING_H

#include "platform.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TRANSMIT_RING_BYTES 512u
#define RECEIVE_RING_BYTES 64u

typedef struct {
    uint8_t bytes[TRANSMIT_RING_BYTES];
    volatile uint16_t put_at;
    volatile uint16_t take_at;
} transmit_ring_t;

typedef struct {
    uint8_t bytes[RECEIVE_RING_BYTES];
    volatile uint8_t put_at;
    volatile uint8_t take_at;
} receive_ring_t;

extern transmit_ring_t transmit_ring;
extern receive_ring_t receive_ring;

uint16_t transmit_room_bytes(void);

/* Put bytes that have room (the caller has asked); they begin to leave at once. */
void transmit_put(const uint8_t *bytes, uint8_t size_bytes);

bool receive_take(uint8_t *byte);

/* Called by transmit_put: the board lets its interrupt run. */
void board_transmit_begin(void);

/* For the interrupts. */
static inline bool transmit_is_empty(void)
{
    return transmit_ring.put_at == transmit_ring.take_at;
}

static inline uint8_t transmit_take(void)
{
    uint16_t at = transmit_ring.take_at;
    transmit_ring.take_at = (at + 1u) % TRANSMIT_RING_BYTES;
    return transmit_ring.bytes[at];
}

/* A byte that finds no room is lost; the command it belonged to has a wrong CRC then. */
static inline void receive_put(uint8_t byte)
{
    uint8_t at = receive_ring.put_at;
    uint8_t next = (uint8_t)((at + 1u) % RECEIVE_RING_BYTES);
    if (next == receive_ring.take_at)
        return;
    receive_ring.bytes[at] = byte;
    receive_ring.put_at = next;
}

#ifdef __cplusplus
}
#endif

#endif
