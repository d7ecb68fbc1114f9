/* What leaves the node: sequence numbers, the seal of a node with a key, the transmit ring. */
#ifndef ECG_NODE_OUTBOX_H
#define ECG_NODE_OUTBOX_H

#include "packet.h"

#ifdef __cplusplus
extern "C" {
#endif

void outbox_begin(uint16_t boot);
uint16_t outbox_boot(void);

/* Sequence number of the next packet; a dropped one counts as well. */
uint8_t outbox_next_sequence(void);

bool outbox_has_room(uint16_t size_bytes);

/* Whether so little waits that what is not urgent may join: the samples stay fresh. */
bool outbox_is_calm(void);

/* Send a packet. `sealed`: of samples, status or hello, which a node with a key signs; the upper
 * half of the device's counter goes into the signature. */
void outbox_send(uint8_t *packet, uint8_t packet_bytes);
void outbox_send_sealed(uint8_t *packet, uint8_t packet_bytes, uint16_t counter_high);

#ifdef __cplusplus
}
#endif

#endif
