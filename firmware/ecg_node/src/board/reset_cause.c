/* The chip keeps the cause in MCUSR, but a bootloader that ran first has emptied it. Optiboot hands
 * its value on in the register r2; older ones do not, and leave there whatever it held. So r2 is
 * believed only where it agrees with the RAM: a pattern that survived means that the power stayed on.
 */
#include "reset_cause.h"

#include <avr/io.h>
#include <avr/wdt.h>

#include "../core/messages.h"
#include "board.h"

#define RAM_PATTERN 0x5EC6A11Bu
#define RESTART_PATTERN 0x0FF0u
#define FLAGS (_BV(PORF) | _BV(EXTRF) | _BV(BORF) | _BV(WDRF))

/* Not cleared at the start of a run. */
static uint32_t ram_pattern __attribute__((section(".noinit")));
static uint16_t restart_pattern __attribute__((section(".noinit")));
static uint8_t flags_of_chip __attribute__((section(".noinit")));
static uint8_t flags_of_bootloader __attribute__((section(".noinit")));

void save_reset_flags(void) __attribute__((naked, used, section(".init0")));

/* Runs before anything may use r2 or wait: after a watchdog reset the watchdog is still on, and it
 * bites after 16 ms. The zero register, which compiled code relies on, is cleared in .init2 only. */
void save_reset_flags(void)
{
    __asm__ __volatile__("sts %0, r2\n\tclr __zero_reg__" : "=m"(flags_of_bootloader));
    flags_of_chip = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

void reset_cause_announce_restart(void)
{
    restart_pattern = RESTART_PATTERN;
}

static uint8_t cause_of(uint8_t flags)
{
    if (flags & _BV(PORF))
        return RESET_POWER_ON;
    if (flags & _BV(BORF))
        return RESET_BROWN_OUT;
    if (flags & _BV(WDRF))
        return RESET_WATCHDOG;
    return flags & _BV(EXTRF) ? RESET_EXTERNAL : RESET_UNKNOWN;
}

static uint8_t cause_behind_bootloader(bool power_stayed_on)
{
    uint8_t flags = flags_of_bootloader;
    bool plausible = (flags & ~FLAGS) == 0 && flags != 0;
    if (plausible && power_stayed_on == !(flags & _BV(PORF)))
        return cause_of(flags);
    return power_stayed_on ? RESET_UNKNOWN : RESET_POWER_ON;
}

uint8_t reset_cause_read(void)
{
    bool power_stayed_on = ram_pattern == RAM_PATTERN;
    bool restarted = power_stayed_on && restart_pattern == RESTART_PATTERN;
    ram_pattern = RAM_PATTERN;
    restart_pattern = 0;
    if (restarted)
        return RESET_SOFTWARE;
    return flags_of_chip ? cause_of(flags_of_chip) : cause_behind_bootloader(power_stayed_on);
}
