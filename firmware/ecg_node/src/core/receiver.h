/* Finds packets in a stream of bytes (docs/protocol.md, "Resynchronisation").
 *
 * The node looks for commands only and holds 13 bytes; with `receiver_any_packet` and 250 bytes the
 * same code is a gateway's receiver. Bytes go in one by one, and after each the packets are taken
 * out until none is left.
 */
#ifndef ECG_NODE_RECEIVER_H
#define ECG_NODE_RECEIVER_H

#include "packet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CANDIDATE_NONE 0
#define CANDIDATE_TOO_EARLY 255 /* no packet is so long */

/* Bytes of the packet that seems to begin at a sync byte, of which `held_bytes` are there. */
typedef uint8_t (*candidate_size_fn)(const uint8_t *held, uint8_t held_bytes);

uint8_t receiver_any_packet(const uint8_t *held, uint8_t held_bytes);
uint8_t receiver_commands_only(const uint8_t *held, uint8_t held_bytes);

typedef struct {
    uint8_t *held; /* room for the longest candidate */
    uint8_t held_bytes;
    candidate_size_fn candidate_size;
} receiver_t;

void receiver_put(receiver_t *receiver, uint8_t byte);

/* Bytes of the packet with a right CRC that now begins at `held`; 0: none yet. `ended`: no byte
 * will follow, so that nothing is worth waiting for. */
uint8_t receiver_find(receiver_t *receiver, bool ended);

/* Let go of so many bytes: of the packet that was found. */
void receiver_drop(receiver_t *receiver, uint8_t drop_bytes);

#ifdef __cplusplus
}
#endif

#endif
