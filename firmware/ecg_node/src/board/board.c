#include "board.h"

#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "../../pins.h"
#include "../core/boot_log.h"
#include "../core/byte_ring.h"
#include "../core/node.h"
#include "../core/platform.h"
#include "reset_cause.h"

#ifdef ECG_KEY
#define BOOT_STAYS_AT_LAST true
#else
#define BOOT_STAYS_AT_LAST false
#endif

volatile uint32_t board_clock_ms;

uint32_t board_now_ms(void)
{
    uint32_t now_ms = 0;
    UNINTERRUPTED
    {
        now_ms = board_clock_ms;
    }
    return now_ms;
}

uint8_t board_eeprom_read(uint16_t address)
{
    return eeprom_read_byte((const uint8_t *)address);
}

void board_eeprom_write(uint16_t address, uint8_t byte)
{
    eeprom_update_byte((uint8_t *)address, byte);
}

void board_led(bool on)
{
#if FRONT_END == FRONT_END_AD8232
    const uint8_t bit = _BV(IDENTIFY_LED_AD8232_PORTB_BIT);
    PORTB = (uint8_t)(on ? PORTB | bit : PORTB & ~bit);
#else
    const uint8_t bit = _BV(IDENTIFY_LED_ADS1292R_PORTD_BIT);
    PORTD = (uint8_t)(on ? PORTD | bit : PORTD & ~bit);
#endif
}

static void led_begin(void)
{
#if FRONT_END == FRONT_END_AD8232
    DDRB |= _BV(IDENTIFY_LED_AD8232_PORTB_BIT);
#else
    DDRD |= _BV(IDENTIFY_LED_ADS1292R_PORTD_BIT);
#endif
}

void board_restart(void)
{
    reset_cause_announce_restart();
    wdt_enable(WDTO_15MS);
    for (;;) {
    }
}

void board_setup(void)
{
    cli();
    TIMSK0 = 0; /* the Arduino core's millis(): nobody asks it, and its interrupt costs jitter */
    wdt_enable(WDTO_1S);
    led_begin();
    uint8_t reset_cause = reset_cause_read();
    uint16_t boot = boot_log_next(BOOT_STAYS_AT_LAST);
    serial_begin();
    node_begin(boot, reset_cause);
    set_sleep_mode(SLEEP_MODE_IDLE);
    sei();
}

/* The watchdog is content only while the clock runs, and with it the sampling. */
static void feed_watchdog(uint32_t now_ms)
{
    static uint32_t fed_ms;
    if (now_ms != fed_ms) {
        fed_ms = now_ms;
        wdt_reset();
    }
}

static void sleep_until(uint32_t woken_at_ms)
{
    cli();
    while (!front_end_has_work() && receive_ring.put_at == receive_ring.take_at &&
           board_clock_ms == woken_at_ms) {
        sleep_enable();
        sei(); /* takes effect one instruction later: no interrupt slips in before the sleep */
        sleep_cpu();
        sleep_disable();
        cli();
    }
    sei();
}

void board_loop(void)
{
    uint32_t now_ms = board_now_ms();
    feed_watchdog(now_ms);
    node_poll(now_ms);
    sleep_until(now_ms);
}
