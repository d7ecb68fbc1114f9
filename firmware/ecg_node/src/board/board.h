/* The ATmega328P: clock, serial line, EEPROM, watchdog, LED, sleep. */
#ifndef ECG_NODE_BOARD_H
#define ECG_NODE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(__AVR_ATmega328P__) && !defined(__AVR_ATmega328__)
#error "This firmware is for the ATmega328P: choose Arduino Uno or Nano as the board."
#endif
#if F_CPU != 16000000L
#error "This firmware is for a board of 16 MHz."
#endif

/* For setup() and loop() of the sketch. */
void board_setup(void);
void board_loop(void);

/* Milliseconds since the start; the interrupt of timer 1 advances them, the program asks below. */
extern volatile uint32_t board_clock_ms;
uint32_t board_now_ms(void);

void serial_begin(void);

uint8_t reset_cause_read(void);

/* Whether the front end has something for the program; asked with interrupts off. */
bool front_end_has_work(void);

#ifdef __cplusplus
}
#endif

#endif
