/* The boot log over an EEPROM that may lose power: commands on standard input.
 *
 *     boot STAYS WRITES    begin a run; power is lost after so many bytes were written (-1: never)
 *     wear                 the most and the fewest writes that a byte has borne
 *     erase                all bytes 0xFF
 *     put NUMBER           as if NUMBER had been the last run, and the only one
 *     poke PLACE NUMBER    that number at that place, whose it need not be */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "core/boot_log.h"

enum { EEPROM_BYTES = 1024, LOG_BYTES = BOOT_LOG_PLACES * BOOT_LOG_PLACE_BYTES };

static uint8_t eeprom[EEPROM_BYTES];
static unsigned writes[EEPROM_BYTES];
static int writes_left;
static jmp_buf power_lost;

uint8_t board_eeprom_read(uint16_t address)
{
    return eeprom[address];
}

void board_eeprom_write(uint16_t address, uint8_t byte)
{
    if (eeprom[address] == byte)
        return;
    if (writes_left-- == 0)
        longjmp(power_lost, 1);
    eeprom[address] = byte;
    writes[address]++;
}

static void boot(int stays)
{
    if (setjmp(power_lost))
        printf("lost\n");
    else
        printf("%u\n", boot_log_next(stays));
}

static void print_wear(void)
{
    unsigned most = 0, outside = 0;
    for (int at = 0; at < EEPROM_BYTES; at++) {
        most = writes[at] > most ? writes[at] : most;
        outside += at >= LOG_BYTES ? writes[at] : 0;
    }
    printf("%u %u\n", most, outside);
}

static void poke(int place, int number)
{
    uint8_t *bytes = eeprom + place * (int)BOOT_LOG_PLACE_BYTES;
    bytes[0] = (uint8_t)number;
    bytes[1] = (uint8_t)(number >> 8);
    bytes[2] = (uint8_t)~number;
    bytes[3] = (uint8_t)(~number >> 8);
}

int main(void)
{
    char line[64];
    int stays, place, number;
    memset(eeprom, 0xFF, sizeof eeprom);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "boot %d %d", &stays, &writes_left) == 2)
            boot(stays);
        else if (!strncmp(line, "wear", 4))
            print_wear();
        else if (!strncmp(line, "erase", 5))
            memset(eeprom, 0xFF, sizeof eeprom);
        else if (sscanf(line, "put %d", &number) == 1) {
            memset(eeprom, 0xFF, sizeof eeprom);
            poke(number % (int)BOOT_LOG_PLACES, number);
        } else if (sscanf(line, "poke %d %d", &place, &number) == 2)
            poke(place, number);
        else
            return 2;
    }
    return 0;
}
