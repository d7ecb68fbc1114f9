/* What differs between the microcontroller and a computer that runs the same code in tests. */
#ifndef ECG_NODE_PLATFORM_H
#define ECG_NODE_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __AVR__
#include <avr/pgmspace.h>
#include <util/atomic.h>
/* Tables stay in flash: RAM is what the chip has least of. */
#define FLASH_TABLE PROGMEM
#define READ_FLASH_U32(address) pgm_read_dword(address)
#define READ_FLASH_I16(address) ((int16_t)pgm_read_word(address))
/* Two-byte values that an interrupt shares are read and written in one piece. */
#define UNINTERRUPTED ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
#else
#define FLASH_TABLE
#define READ_FLASH_U32(address) (*(address))
#define READ_FLASH_I16(address) (*(address))
#define UNINTERRUPTED
#endif

#endif
