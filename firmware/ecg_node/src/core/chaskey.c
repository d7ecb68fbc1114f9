#include "chaskey.h"

#include <string.h>

#include "packet.h"

#define ROUNDS 12
#define PADDING 0x01

/* An 8-bit processor rotates by bytes for nothing and by bits one at a time, so the rotations of the
 * cipher are made of whole bytes and as few bits as there can be: 5 = 8 - 3, 7 = 8 - 1, 13 = 16 - 3. */
static inline uint32_t left_8(uint32_t word)
{
    return word << 8 | word >> 24;
}

static inline uint32_t left_16(uint32_t word)
{
    return word << 16 | word >> 16;
}

static inline uint32_t right_1(uint32_t word)
{
#ifdef __AVR__
    __asm__("bst %A0, 0\n\t"
            "lsr %D0\n\t"
            "ror %C0\n\t"
            "ror %B0\n\t"
            "ror %A0\n\t"
            "bld %D0, 7"
            : "+r"(word));
    return word;
#else
    return word >> 1 | word << 31;
#endif
}

static inline uint32_t right_3(uint32_t word)
{
    return right_1(right_1(right_1(word)));
}

static void permute(uint32_t state[4])
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (uint8_t round = 0; round < ROUNDS; round++) {
        a += b;
        b = right_3(left_8(b)) ^ a;
        a = left_16(a);
        c += d;
        d = left_8(d) ^ c;
        a += d;
        d = right_3(left_16(d)) ^ a;
        c += b;
        b = right_1(left_8(b)) ^ c;
        c = left_16(c);
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
}

/* Multiply by x in GF(2^128) modulo x^128 + x^7 + x^2 + x + 1: the subkeys of the last block. */
static void times_x(uint32_t words[4])
{
    uint32_t carry = words[3] >> 31;
    for (uint8_t index = 3; index > 0; index--)
        words[index] = words[index] << 1 | words[index - 1] >> 31;
    words[0] = words[0] << 1 ^ (carry ? 0x87u : 0);
}

static void xor_words(uint32_t into[4], const uint32_t with[4])
{
    for (uint8_t index = 0; index < 4; index++)
        into[index] ^= with[index];
}

static void xor_block(chaskey_t *mac)
{
    for (uint8_t index = 0; index < 4; index++)
        mac->state[index] ^= read_u32(mac->block + 4 * index);
}

void chaskey_begin(chaskey_t *mac, const uint8_t key[CHASKEY_KEY_BYTES])
{
    for (uint8_t index = 0; index < 4; index++)
        mac->key[index] = mac->state[index] = read_u32(key + 4 * index);
    mac->block_bytes = 0;
}

void chaskey_add(chaskey_t *mac, const uint8_t *bytes, uint8_t size_bytes)
{
    for (uint8_t at = 0; at < size_bytes; at++) {
        /* A full block waits for the next byte: the last one is treated differently. */
        if (mac->block_bytes == CHASKEY_BLOCK_BYTES) {
            xor_block(mac);
            permute(mac->state);
            mac->block_bytes = 0;
        }
        mac->block[mac->block_bytes++] = bytes[at];
    }
}

void chaskey_end(chaskey_t *mac, uint32_t words[4])
{
    uint32_t subkey[4];
    memcpy(subkey, mac->key, sizeof subkey);
    times_x(subkey);
    if (mac->block_bytes < CHASKEY_BLOCK_BYTES) {
        times_x(subkey);
        memset(mac->block + mac->block_bytes, 0, (size_t)(CHASKEY_BLOCK_BYTES - mac->block_bytes));
        mac->block[mac->block_bytes] = PADDING;
    }
    xor_block(mac);
    xor_words(mac->state, subkey);
    permute(mac->state);
    xor_words(mac->state, subkey);
    memcpy(words, mac->state, sizeof mac->state);
}
