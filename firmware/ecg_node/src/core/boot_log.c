#include "boot_log.h"

static uint16_t read_u16_at(uint16_t address)
{
    return (uint16_t)(board_eeprom_read(address) | board_eeprom_read(address + 1u) << 8);
}

static bool read_place(uint16_t place, uint16_t *boot)
{
    uint16_t address = (uint16_t)(place * BOOT_LOG_PLACE_BYTES);
    *boot = read_u16_at(address);
    return (uint16_t)(*boot ^ read_u16_at(address + 2u)) == 0xFFFFu && *boot % BOOT_LOG_PLACES == place;
}

static void write_place(uint16_t boot)
{
    uint16_t address = (uint16_t)(boot % BOOT_LOG_PLACES * BOOT_LOG_PLACE_BYTES);
    uint16_t complement = (uint16_t)~boot;
    board_eeprom_write(address, (uint8_t)boot);
    board_eeprom_write(address + 1u, (uint8_t)(boot >> 8));
    board_eeprom_write(address + 2u, (uint8_t)complement);
    board_eeprom_write(address + 3u, (uint8_t)(complement >> 8));
}

/* The numbers in the log lie within one round of each other, except where they begin anew at 0:
 * there the difference, not the size, tells which is later. */
static bool is_later(uint16_t boot, uint16_t than)
{
    return (int16_t)(uint16_t)(boot - than) > 0;
}

static bool find_latest(uint16_t *latest)
{
    bool found = false;
    for (uint16_t place = 0; place < BOOT_LOG_PLACES; place++) {
        uint16_t boot;
        if (read_place(place, &boot) && (!found || is_later(boot, *latest))) {
            *latest = boot;
            found = true;
        }
    }
    return found;
}

uint16_t boot_log_next(bool stays_at_last)
{
    uint16_t latest;
    if (!find_latest(&latest)) {
        write_place(0);
        return 0;
    }
    if (stays_at_last && latest == LAST_BOOT)
        return LAST_BOOT;
    uint16_t boot = (uint16_t)(latest + 1u);
    write_place(boot);
    return boot;
}
