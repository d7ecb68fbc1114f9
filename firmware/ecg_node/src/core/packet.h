/* The frame of every packet, and little-endian numbers (docs/protocol.md, "Frame"). */
#ifndef ECG_NODE_PACKET_H
#define ECG_NODE_PACKET_H

#define PACKET_SYNC 0xA5
#define PACKET_VERSION 1
#define PACKET_HEADER_BYTES 4
#define PACKET_CRC_BYTES 4
#define PACKET_OVERHEAD_BYTES 8
#define PACKET_MAX_BODY_BYTES 242
#define PACKET_MAX_BYTES 250
#define PACKET_SEQUENCE_STRIDE 61 /* a run's first sequence number is its boot number times this */

#define STATUS_BODY_BYTES 18
#define STATUS_PACKET_BYTES 26
#define REPLY_BODY_BYTES 7
#define COMMAND_BODY_BYTES 5
#define COMMAND_PACKET_BYTES 13
#define HELLO_MIN_BODY_BYTES 32
#define HELLO_MAX_BODY_BYTES 84
#define HELLO_MAX_PACKET_BYTES 92
#define SAMPLES_COUNTER_BYTES 2
#define SAMPLES_MAX_LEADS 6

#define ELECTRODE_RA 0x01
#define ELECTRODE_LA 0x02
#define ELECTRODE_LL 0x04
#define ELECTRODE_RL 0x08

/* settings.h calculates with these in #if, so what the preprocessor cannot read comes below. */
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum packet_type {
    PACKET_HELLO = 0x01,
    PACKET_STATUS = 0x02,
    PACKET_REPLY = 0x03,
    PACKET_COMMAND = 0x10,
    PACKET_SAMPLES = 0x20,
};

/* Write header and CRC around a body that stands at packet + 4; return the packet's bytes. */
uint8_t packet_seal(uint8_t *packet, uint8_t type, uint8_t sequence, uint8_t body_bytes);

/* Whether the last four bytes are the CRC of those before. */
bool packet_crc_holds(const uint8_t *packet, uint8_t packet_bytes);

static inline uint8_t packet_version_of(const uint8_t *packet) { return packet[1] >> 6; }
static inline uint8_t packet_type_of(const uint8_t *packet) { return packet[1] & 0x3F; }
static inline uint8_t packet_body_bytes_of(const uint8_t *packet) { return packet[2]; }
static inline uint8_t packet_sequence_of(const uint8_t *packet) { return packet[3]; }

uint8_t *put_u8(uint8_t *at, uint8_t value);
uint8_t *put_u16(uint8_t *at, uint16_t value);
uint8_t *put_u32(uint8_t *at, uint32_t value);
uint16_t read_u16(const uint8_t *at);
uint32_t read_u32(const uint8_t *at);

#ifdef __cplusplus
}
#endif

#endif
