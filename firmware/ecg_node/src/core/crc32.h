/* CRC-32/ISO-HDLC, as docs/protocol.md names it. */
#ifndef ECG_NODE_CRC32_H
#define ECG_NODE_CRC32_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint32_t crc32_of(const uint8_t *bytes, uint8_t size_bytes);

#ifdef __cplusplus
}
#endif

#endif
