/* The number of this run, kept in EEPROM.
 *
 * A cell of the EEPROM bears 100 000 writes. The log goes round 128 places, so it bears 12.8 million
 * resets; a node that its watchdog resets every second lasts five months. A place holds the
 * number and its complement, so one that lost power half written is not believed.
 */
#ifndef ECG_NODE_BOOT_LOG_H
#define ECG_NODE_BOOT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BOOT_LOG_PLACES 128u
#define BOOT_LOG_PLACE_BYTES 4u
#define LAST_BOOT 0xFFFFu

/* Bytes 0 to 511 of the EEPROM. */
uint8_t board_eeprom_read(uint16_t address);
void board_eeprom_write(uint16_t address, uint8_t byte);

/* Number this run and write it down. `stays_at_last`: a node with a key must never use a number
 * twice, so after the last one it keeps it and the gateway asks for a new key; others begin anew. */
uint16_t boot_log_next(bool stays_at_last);

#ifdef __cplusplus
}
#endif

#endif
