/* Source: Texas Instruments, ADS1291/ADS1292/ADS1292R data sheet SBAS502, section numbers of
 * revision C in brackets. What the firmware does against it is counted, by name. */
#include "ads1292r.h"

#include <math.h>
#include <string.h>
#include <simavr/avr_spi.h>

#include "analog.h"
#include "machine.h"
#include "trace.h"

enum { SPCR = 0x4c, SPSR = 0x4d, SPDR = 0x4e, CPHA = 2, CPOL = 3 };
enum { CS_PORT = 'B', CS_BIT = 2, RESET_BIT = 4, START_BIT = 5, DRDY_BIT = 2, CONTROL_PORT = 'D' };
enum { ID, CONFIG1, CONFIG2, LOFF, CH1SET, CH2SET, RLD_SENS, LOFF_SENS, LOFF_STAT, RESP1, RESP2,
       GPIO, REGISTERS };
enum { WAKEUP = 2, STANDBY = 4, RESET = 6, START = 8, STOP = 10, OFFSETCAL = 0x1a,
       RDATAC = 0x10, SDATAC = 0x11, RDATA = 0x12, RREG = 0x20, WREG = 0x40 };
enum { FRAME_BYTES = 9, FULL_SCALE = (1 << 23) - 1 };
/* One period of the chip's 512 kHz clock, in cycles of the AVR (8.7.3, timing requirements). */
#define CLOCK_CYCLES 31.25
#define SETTLE_PERIODS 4

static const uint8_t DEFAULTS[REGISTERS] = {
	0x73, 0x02, 0x80, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x0c,
};
/* Bits that must be written as 1 (8.6, register maps). */
static const uint8_t ALWAYS_SET[REGISTERS] = {
	[CONFIG2] = 0x80, [LOFF] = 0x10, [RESP1] = 0x02, [RESP2] = 0x01,
};
static const uint8_t READ_ONLY[REGISTERS] = { [ID] = 0xff, [LOFF_STAT] = 0x1f };

static avr_spi_t *spi;
static uint8_t registers[REGISTERS];
static int selected, continuous, converting, powered, loose;
static int command, address, to_come, has_count;
static uint8_t frame[FRAME_BYTES];
static int frame_place, frame_is_new, command_seen;
static double period_cycles, next_ready, drift_ppm;
static uint64_t last_byte_at, deselected_at;

static struct {
	unsigned long wrong_mode, collision, too_fast, early_deselect, short_deselect,
		not_stopped, bad_bits, read_only, unknown, torn, missed;
} faults;

/* --- conversions --- */

static double gain_of(uint8_t channel_set)
{
	static const double GAINS[8] = { 6, 1, 2, 3, 4, 8, 12, 6 };

	return GAINS[channel_set >> 4 & 7];
}

static double reference_uv(void)
{
	/* Without its buffer the reference is not there, and nothing below full scale is read. */
	if (!(registers[CONFIG2] & 0x20))
		return 1.0;
	return registers[CONFIG2] & 0x10 ? 4.033e6 : 2.42e6;
}

/* ±VREF/2400 as a square wave of 1 Hz, or as a level. */
static double test_signal_uv(uint64_t cycle)
{
	double uv = reference_uv() / 2400.0;

	if (!(registers[CONFIG2] & 2))
		return 0.0;
	return registers[CONFIG2] & 1 && cycle / (CPU_HZ / 2) & 1 ? -uv : uv;
}

static int32_t code_of(int channel, uint64_t cycle)
{
	uint8_t set = registers[CH1SET + channel];
	double uv, code;

	if (set & 0x80)
		return 0;
	switch (set & 15) {
	case 0: uv = analog_signal_uv(channel, cycle); break;
	case 5: uv = test_signal_uv(cycle); break;
	default: uv = 0.0;
	}
	code = rint(uv * gain_of(set) / reference_uv() * FULL_SCALE);
	return code > FULL_SCALE ? FULL_SCALE : code < -FULL_SCALE - 1 ? -FULL_SCALE - 1
								       : (int32_t)code;
}

static int lead_off_bits(void)
{
	if (!(registers[CONFIG2] & 0x40))
		return 0;
	/* The inputs that are looked at: bits 0 to 3 of LOFF_SENS stand as in LOFF_STAT. */
	int inputs = loose & registers[LOFF_SENS] & 15;

	return inputs | (registers[RLD_SENS] & 0x10 ? loose & 0x10 : 0);
}

static void fill_frame(uint64_t cycle)
{
	int stat = lead_off_bits();

	registers[LOFF_STAT] = (uint8_t)stat;
	memset(frame, 0, sizeof frame);
	frame[0] = (uint8_t)(0xc0 | stat >> 1);
	frame[1] = (uint8_t)((stat & 1) << 7 | (registers[GPIO] & 3) << 5);
	for (int channel = 0; channel < 2; channel++) {
		int32_t code = code_of(channel, cycle);

		trace_add(TRACE_CONVERTED, channel, cycle, code);
		frame[3 + 3 * channel] = (uint8_t)(code >> 16);
		frame[4 + 3 * channel] = (uint8_t)(code >> 8);
		frame[5 + 3 * channel] = (uint8_t)code;
	}
}

static avr_cycle_count_t data_ready(struct avr_t *unused, avr_cycle_count_t when, void *param)
{
	(void)unused;
	(void)when;
	(void)param;
	/* A frame that is being read is overwritten under the reader's hands. */
	faults.torn += selected && continuous && frame_place > 0 && frame_place < FRAME_BYTES;
	faults.missed += frame_is_new;
	fill_frame(avr->cycle);
	frame_place = 0;
	frame_is_new = 1;
	machine_drive(CONTROL_PORT, DRDY_BIT, 1);
	machine_drive(CONTROL_PORT, DRDY_BIT, 0);
	next_ready += period_cycles;
	return (avr_cycle_count_t)next_ready;
}

static void schedule(void)
{
	if (!converting || !powered)
		avr_cycle_timer_cancel(avr, data_ready, NULL);
	else
		avr_cycle_timer_register(avr, next_ready > (double)avr->cycle ?
			(uint64_t)next_ready - avr->cycle : 1, data_ready, NULL);
}

static void convert(int on)
{
	double fs_hz = 125 << (registers[CONFIG1] & 7);

	period_cycles = CPU_HZ / fs_hz * (1.0 + drift_ppm * 1e-6);
	next_ready = (double)avr->cycle + SETTLE_PERIODS * period_cycles;
	converting = on;
	frame_is_new = 0;
	machine_drive(CONTROL_PORT, DRDY_BIT, 1);
	schedule();
}

static void power_up(void)
{
	memcpy(registers, DEFAULTS, sizeof registers);
	/* It wakes up reading continuously, and then takes no register command. */
	continuous = 1;
	command = to_come = has_count = 0;
	convert(machine_pin(CONTROL_PORT, START_BIT));
}

/* --- commands --- */

static void write_register(uint8_t value)
{
	if (address >= REGISTERS)
		return;
	faults.bad_bits += (value & ALWAYS_SET[address]) != ALWAYS_SET[address];
	faults.read_only += address == ID;
	registers[address] = (uint8_t)((value & ~READ_ONLY[address]) |
				       (registers[address] & READ_ONLY[address]));
	if (address == CONFIG1 && converting)
		convert(1);
	address++;
}

static uint8_t run_command(uint8_t byte)
{
	switch (byte) {
	case RESET: power_up(); break;
	case START: convert(1); break;
	case STOP: convert(0); break;
	case RDATAC: continuous = 1; frame_place = 0; break;
	case SDATAC: continuous = 0; break;
	case RDATA: to_come = FRAME_BYTES; frame_place = 0; command = RDATA; break;
	case WAKEUP: case STANDBY: case OFFSETCAL: case 0: break;
	default:
		if (byte >> 5 != 1 && byte >> 5 != 2) {
			faults.unknown++;
		} else if (continuous) {
			faults.not_stopped++;
		} else {
			command = byte & 0xe0;
			address = byte & 0x1f;
			has_count = 0;
			to_come = 1;
		}
	}
	return 0;
}

static uint8_t next_of_frame(void)
{
	uint8_t byte = frame[frame_place];

	if (frame_place == 0)
		machine_drive(CONTROL_PORT, DRDY_BIT, 1);
	frame_place = (frame_place + 1) % FRAME_BYTES;
	if (frame_place == 0 && frame_is_new) {
		frame_is_new = 0;
		trace_add(TRACE_FETCHED, 0, avr->cycle, 0);
	}
	return byte;
}

static uint8_t take_byte(uint8_t byte)
{
	if (!to_come && byte)
		return run_command(byte);
	if (!to_come)
		return continuous ? next_of_frame() : 0;
	to_come--;
	if (command == RDATA)
		return next_of_frame();
	if (!has_count) {
		has_count = 1;
		to_come = (byte & 0x1f) + 1;
		return 0;
	}
	if (command == WREG) {
		write_register(byte);
		return 0;
	}
	return address < REGISTERS ? registers[address++] : 0;
}

/* --- wires --- */

static void on_byte(struct avr_irq_t *irq, uint32_t value, void *param)
{
	uint8_t answer = 0xff;
	uint64_t now = avr->cycle;

	(void)irq;
	(void)param;
	if (!selected || !powered) {
		avr_raise_irq(spi->io.irq + SPI_IRQ_INPUT, answer);
		return;
	}
	int wrong = (avr->data[SPCR] & (1 << CPHA | 1 << CPOL)) != 1 << CPHA;

	faults.wrong_mode += (unsigned long)wrong;
	/* tSDECODE: four clocks from the end of one byte of a command to that of the next. */
	command_seen |= value != 0 || to_come;
	faults.too_fast += command_seen && last_byte_at > deselected_at &&
			   (double)(now - last_byte_at) < 4 * CLOCK_CYCLES;
	answer = take_byte((uint8_t)value);
	last_byte_at = now;
	avr_raise_irq(spi->io.irq + SPI_IRQ_INPUT, wrong ? 0xff : answer);
}

static int cycles_per_byte(void)
{
	static const int DIVISORS[4] = { 4, 16, 64, 128 };

	return 8 * DIVISORS[avr->data[SPCR] & 3] / (avr->data[SPSR] & 1 ? 2 : 1);
}

/* simavr takes 100 µs for a byte at any speed. */
static void spdr_written(uint8_t value)
{
	if (machine_has_timer(spi)) {
		faults.collision++;
		return;
	}
	machine_write_inner(SPDR, value);
	machine_retime(spi, (uint64_t)cycles_per_byte());
}

static void on_select(struct avr_irq_t *irq, uint32_t value, void *param)
{
	double now = (double)avr->cycle;

	(void)irq;
	(void)param;
	if (selected == !value)
		return;
	selected = !value;
	if (selected) {
		/* tCSH: two clocks. */
		faults.short_deselect += deselected_at && now - (double)deselected_at < 2 * CLOCK_CYCLES;
		command_seen = 0;
		/* A new frame begins with its first byte, an old one goes on. */
		return;
	}
	/* tSCCS: the last bit of a command is three clocks old when CS rises. */
	faults.early_deselect += command_seen && last_byte_at > deselected_at &&
				 now - (double)last_byte_at < 3 * CLOCK_CYCLES;
	deselected_at = avr->cycle;
	to_come = has_count = 0;
}

static void on_start_pin(struct avr_irq_t *irq, uint32_t value, void *param)
{
	(void)irq;
	(void)param;
	if (powered && converting != (int)(value & 1))
		convert((int)(value & 1));
}

static void on_reset_pin(struct avr_irq_t *irq, uint32_t value, void *param)
{
	int before = powered;

	(void)irq;
	(void)param;
	powered = (int)(value & 1);
	if (powered && !before)
		power_up();
	else
		schedule();
}

void ads1292r_drift(double ppm)
{
	drift_ppm = ppm;
	if (converting)
		convert(1);
}

void ads1292r_loose(int bits)
{
	loose = bits;
}

void ads1292r_upset(void)
{
	if (powered)
		power_up();
}

void ads1292r_print_figures(FILE *out)
{
	fprintf(out, "\"spi_faults\":{\"wrong_mode\":%lu,\"collision\":%lu,\"too_fast\":%lu,"
		"\"early_deselect\":%lu,\"short_deselect\":%lu,\"not_stopped\":%lu,"
		"\"bad_bits\":%lu,\"read_only\":%lu,\"unknown\":%lu,\"torn\":%lu,\"missed\":%lu}",
		faults.wrong_mode, faults.collision, faults.too_fast, faults.early_deselect,
		faults.short_deselect, faults.not_stopped, faults.bad_bits, faults.read_only,
		faults.unknown, faults.torn, faults.missed);
}

void ads1292r_forget_figures(void)
{
	memset(&faults, 0, sizeof faults);
}

static void watch_pin(char port, int bit, avr_irq_notify_t notify)
{
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_DEF('i', 'o', 'g', port), bit),
				notify, NULL);
}

void ads1292r_start(void)
{
	spi = machine_part("spi");
	avr_irq_register_notify(spi->io.irq + SPI_IRQ_OUTPUT, on_byte, NULL);
	machine_wrap_write(SPDR, spdr_written);
	watch_pin(CS_PORT, CS_BIT, on_select);
	watch_pin(CONTROL_PORT, RESET_BIT, on_reset_pin);
	watch_pin(CONTROL_PORT, START_BIT, on_start_pin);
	machine_after_reset(schedule);
	memcpy(registers, DEFAULTS, sizeof registers);
	machine_drive(CONTROL_PORT, DRDY_BIT, 1);
}
