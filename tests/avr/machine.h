/* The ATmega328P of simavr, made stricter and more exact where the simulator is generous. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>
#include <simavr/sim_avr.h>

#define CPU_HZ 16000000u

enum reset_cause { RESET_POWER = 1, RESET_EXTERNAL = 2, RESET_BROWN_OUT = 4, RESET_WATCHDOG = 8 };

extern avr_t *avr;

/* Loads the ELF file, or ends the process. `eeprom_path` may not exist yet. */
void machine_load(const char *elf_path, const char *eeprom_path);
void machine_save_eeprom(void);

/* Runs until the cycle counter is there, or `enough` says so. */
void machine_run(uint64_t until_cycle, int (*enough)(void));

/* A reset from outside; a bootloader clears MCUSR and hands its flags on in r2, as optiboot does. */
void machine_reset(enum reset_cause cause, int through_bootloader);

/* Makes the next instruction jump to itself until a reset: in the main loop or in an interrupt. */
void machine_hang(int in_interrupt);

/* The level that something outside puts on a pin; it holds through resets. */
void machine_drive(char port, int bit, int level);
int machine_pin(char port, int bit);

/* Functions that are called after every reset, to arm timers and the like again. */
void machine_after_reset(void (*again)(void));

/* One of simavr's peripherals, by the name it gives itself. */
void *machine_part(const char *kind);

/* Puts `outer` in front of what simavr does when the firmware writes to a register. */
void machine_wrap_write(uint16_t address, void (*outer)(uint8_t value));
void machine_write_inner(uint16_t address, uint8_t value);

/* Moves the timer that simavr armed for `part`; 0 if there is none. */
int machine_retime(void *part, uint64_t cycles_from_now);
int machine_has_timer(void *part);

#endif
