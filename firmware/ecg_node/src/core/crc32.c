#include "crc32.h"

#include "platform.h"

/* Of each nibble; a table of whole bytes would be twice as fast and take 1 KiB of flash. */
static const uint32_t crc_of_nibble[16] FLASH_TABLE = {
    0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
    0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
    0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
};

static uint32_t add_nibble(uint32_t crc, uint8_t nibble)
{
    uint8_t index = (uint8_t)((crc ^ nibble) & 0x0Fu);
    return (crc >> 4) ^ READ_FLASH_U32(&crc_of_nibble[index]);
}

uint32_t crc32_of(const uint8_t *bytes, uint8_t size_bytes)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (uint8_t at = 0; at < size_bytes; at++) {
        crc = add_nibble(crc, bytes[at]);
        crc = add_nibble(crc, bytes[at] >> 4);
    }
    return crc ^ 0xFFFFFFFFu;
}
