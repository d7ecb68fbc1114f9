/* Chaskey-12: a message authentication code for microcontrollers (N. Mouha et al., "Chaskey: an
 * efficient MAC algorithm for 32-bit microcontrollers", 2014; ISO/IEC 29192-6:2019). */
#ifndef ECG_NODE_CHASKEY_H
#define ECG_NODE_CHASKEY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHASKEY_KEY_BYTES 16
#define CHASKEY_BLOCK_BYTES 16

typedef struct {
    uint32_t key[4];
    uint32_t state[4];
    uint8_t block[CHASKEY_BLOCK_BYTES];
    uint8_t block_bytes;
} chaskey_t;

void chaskey_begin(chaskey_t *mac, const uint8_t key[CHASKEY_KEY_BYTES]);
void chaskey_add(chaskey_t *mac, const uint8_t *bytes, uint8_t size_bytes);

/* The code's four words; the tag of a packet is the first. */
void chaskey_end(chaskey_t *mac, uint32_t words[4]);

#ifdef __cplusplus
}
#endif

#endif
