#include "machine.h"

#include <stdlib.h>
#include <string.h>
#include <simavr/avr_eeprom.h>
#include <simavr/avr_extint.h>
#include <simavr/avr_ioport.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_time.h>

#include "meters.h"
#include "trace.h"

enum { SMCR_AWAKE_CYCLES = 4, EECR = 0x3f, EEPE = 1, EEMPE = 2, MCUSR = 0x54 };
enum { JUMP_TO_ITSELF = 0xcfff, EEPROM_BYTES = 1024, MAX_AGAIN = 8, MAX_WRAPS = 16 };

avr_t *avr;

static struct { uint8_t driven, levels; } ports[3];
static void (*again[MAX_AGAIN])(void);
static int again_count;
static int reset_seen;
static uint8_t mcusr;
static const char *eeprom_file;
static uint32_t hang_address = UINT32_MAX;
static uint8_t hang_saved[2];
static int hang_wanted;

static struct wrap {
	uint16_t address;
	void (*outer)(uint8_t);
	avr_io_write_t inner;
	void *param;
} wraps[MAX_WRAPS];
static int wrap_count;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(2);
}

static void say_nothing_but_errors(struct avr_t *unused, const int level, const char *form,
				   va_list words)
{
	(void)unused;
	if (level == LOG_ERROR)
		vfprintf(stderr, form, words);
}

static void sleep_no_longer(avr_t *unused, avr_cycle_count_t cycles)
{
	(void)unused;
	(void)cycles;
}

void *machine_part(const char *kind)
{
	for (avr_io_t *io = avr->io_port; io; io = io->next)
		if (!strcmp(io->kind, kind))
			return io;
	die("simavr has no such part");
	return NULL;
}

/* --- registers --- */

static void wrapped_write(struct avr_t *unused, avr_io_addr_t address, uint8_t value, void *param)
{
	(void)unused;
	(void)address;
	((struct wrap *)param)->outer(value);
}

void machine_wrap_write(uint16_t address, void (*outer)(uint8_t))
{
	if (wrap_count == MAX_WRAPS)
		die("too many registers are wrapped");
	struct wrap *wrap = &wraps[wrap_count++];
	int io = AVR_DATA_TO_IO(address);

	*wrap = (struct wrap){ address, outer, avr->io[io].w.c, avr->io[io].w.param };
	avr->io[io].w.c = wrapped_write;
	avr->io[io].w.param = wrap;
}

void machine_write_inner(uint16_t address, uint8_t value)
{
	for (int i = 0; i < wrap_count; i++)
		if (wraps[i].address == address && wraps[i].inner) {
			wraps[i].inner(avr, address, value, wraps[i].param);
			return;
		}
	avr->data[address] = value;
}

static avr_cycle_timer_slot_p timer_of(void *part)
{
	for (avr_cycle_timer_slot_p slot = avr->cycle_timers.timer; slot; slot = slot->next)
		if (slot->param == part)
			return slot;
	return NULL;
}

int machine_has_timer(void *part)
{
	return timer_of(part) != NULL;
}

int machine_retime(void *part, uint64_t cycles_from_now)
{
	avr_cycle_timer_slot_p slot = timer_of(part);

	if (!slot)
		return 0;
	avr_cycle_timer_register(avr, cycles_from_now, slot->timer, part);
	return 1;
}

/* --- EEPROM: a byte takes 3.4 ms, in which EEPE stays set (simavr is done at once) --- */

static avr_cycle_count_t eeprom_written(struct avr_t *unused, avr_cycle_count_t when, void *param)
{
	(void)unused;
	(void)when;
	(void)param;
	avr->data[EECR] &= (uint8_t)~(1 << EEPE);
	return 0;
}

static void eeprom_control(uint8_t value)
{
	int busy = avr->data[EECR] >> EEPE & 1;
	int begins = !busy && avr->data[EECR] >> EEMPE & value >> EEPE & 1;

	machine_write_inner(EECR, busy ? value & (uint8_t)~(1 << EEPE) : value);
	if (busy || begins)
		avr->data[EECR] |= 1 << EEPE;
	if (begins)
		avr_cycle_timer_register_usec(avr, 3400, eeprom_written, NULL);
}

static void load_eeprom(void)
{
	uint8_t bytes[EEPROM_BYTES];
	FILE *file = fopen(eeprom_file, "rb");

	if (!file)
		return;
	avr_eeprom_desc_t desc = { bytes, 0, (uint32_t)fread(bytes, 1, sizeof bytes, file) };
	fclose(file);
	avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &desc);
}

void machine_save_eeprom(void)
{
	uint8_t bytes[EEPROM_BYTES];
	avr_eeprom_desc_t desc = { bytes, 0, sizeof bytes };
	FILE *file = fopen(eeprom_file, "wb");

	avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &desc);
	if (!file || fwrite(bytes, sizeof bytes, 1, file) != 1 || fclose(file))
		die("the EEPROM cannot be saved");
}

/* --- pins --- */

static avr_irq_t *pin_irq(char port, int bit)
{
	return avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), bit);
}

static void put_levels(void)
{
	for (int port = 0; port < 3; port++)
		for (int bit = 0; bit < 8; bit++) {
			int level = ports[port].levels >> bit & 1;

			if (!(ports[port].driven >> bit & 1))
				continue;
			/* An unchanged level is filtered, and a reset has cleared the register. */
			avr_raise_irq(pin_irq('B' + port, bit), !level);
			avr_raise_irq(pin_irq('B' + port, bit), level);
		}
}

void machine_drive(char port, int bit, int level)
{
	uint8_t mask = 1 << bit;
	int index = port - 'B';

	ports[index].driven |= mask;
	ports[index].levels = (ports[index].levels & ~mask) | (level ? mask : 0);
	/* Without this simavr puts its pull-up on the pin whenever the firmware writes the port. */
	avr_ioport_external_t external = { .name = port, .mask = ports[index].driven,
					   .value = ports[index].levels };
	avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(port), &external);
	avr_raise_irq(pin_irq(port, bit), level);
}

int machine_pin(char port, int bit)
{
	avr_ioport_state_t state;

	avr_ioctl(avr, AVR_IOCTL_IOPORT_GETSTATE(port), &state);
	return (state.ddr & state.port) >> bit & 1;
}

static void pin_changed(struct avr_irq_t *irq, uint32_t value, void *param)
{
	avr_ioport_state_t state;
	char port = (char)(intptr_t)param;
	int bit = (int)(irq->irq & 7);

	avr_ioctl(avr, AVR_IOCTL_IOPORT_GETSTATE(port), &state);
	if (state.ddr >> bit & 1)
		trace_add(TRACE_PIN, port, avr->cycle, bit << 1 | (value & 1));
}

/* --- resets --- */

static void mcusr_written(uint8_t value)
{
	mcusr &= value;
	avr->data[MCUSR] = mcusr;
}

static void note_reset(struct avr_t *unused)
{
	(void)unused;
	reset_seen = 1;
}

void machine_after_reset(void (*function)(void))
{
	if (again_count == MAX_AGAIN)
		die("too many parts want to know of resets");
	again[again_count++] = function;
}

static void settle_after_reset(int through_bootloader)
{
	reset_seen = 0;
	if (hang_address != UINT32_MAX)
		memcpy(avr->flash + hang_address, hang_saved, 2);
	hang_address = UINT32_MAX;
	/* Flags stay until the firmware clears them or the power goes. */
	mcusr |= avr->data[MCUSR];
	trace_add(TRACE_RESET, 0, avr->cycle, mcusr);
	if (through_bootloader) {
		avr->data[2] = mcusr;
		mcusr = 0;
	}
	avr->data[MCUSR] = mcusr;
	/* A pin held low would be asked in every cycle. */
	avr_extint_set_strict_lvl_trig(avr, 0, 0);
	avr_extint_set_strict_lvl_trig(avr, 1, 0);
	put_levels();
	meters_reset();
	for (int i = 0; i < again_count; i++)
		again[i]();
}

void machine_reset(enum reset_cause cause, int through_bootloader)
{
	if (cause == RESET_POWER) {
		mcusr = 0;
		meters_paint_ram();
	}
	avr_reset(avr);
	avr->data[MCUSR] = (uint8_t)cause;
	settle_after_reset(through_bootloader);
}

/* --- running --- */

void machine_hang(int in_interrupt)
{
	hang_wanted = 1 + in_interrupt;
}

static void hang_if_there(void)
{
	int in_interrupt = avr->interrupts.running_ptr > 0;

	if (in_interrupt != hang_wanted - 1 || avr->sreg[S_I] == in_interrupt)
		return;
	hang_wanted = 0;
	hang_address = avr->pc;
	memcpy(hang_saved, avr->flash + hang_address, 2);
	avr->flash[hang_address] = JUMP_TO_ITSELF & 0xff;
	avr->flash[hang_address + 1] = JUMP_TO_ITSELF >> 8;
}

void machine_run(uint64_t until_cycle, int (*enough)(void))
{
	while (avr->cycle < until_cycle && !(enough && enough())) {
		int asleep = avr->state == cpu_Sleeping;
		uint64_t before = avr->cycle;

		avr_run(avr);
		if (asleep && avr->state == cpu_Running)
			avr->cycle += SMCR_AWAKE_CYCLES;
		if (reset_seen)
			settle_after_reset(0);
		meters_step(before, asleep);
		if (hang_wanted)
			hang_if_there();
		if (avr->state == cpu_Done || avr->state == cpu_Crashed)
			die("the firmware crashed or sleeps with interrupts off");
	}
}

void machine_load(const char *elf_path, const char *eeprom_path)
{
	elf_firmware_t firmware = { 0 };

	avr_global_logger_set(say_nothing_but_errors);
	if (elf_read_firmware(elf_path, &firmware))
		die("the ELF file cannot be read");
	avr = avr_make_mcu_by_name("atmega328p");
	if (!avr)
		die("simavr knows no atmega328p");
	avr_init(avr);
	avr_load_firmware(avr, &firmware);
	avr->frequency = CPU_HZ;
	avr->log = LOG_ERROR;
	avr->sleep = sleep_no_longer;
	avr->reset = note_reset;
	eeprom_file = eeprom_path;
	load_eeprom();
	machine_wrap_write(EECR, eeprom_control);
	machine_wrap_write(MCUSR, mcusr_written);
	for (char port = 'B'; port <= 'D'; port++)
		for (int bit = 0; bit < 8; bit++)
			avr_irq_register_notify(pin_irq(port, bit), pin_changed,
						(void *)(intptr_t)port);
	meters_start();
}
