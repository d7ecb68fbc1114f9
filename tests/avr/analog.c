#include "analog.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <simavr/avr_adc.h>

#include "machine.h"
#include "trace.h"

enum { ADCSRA = 0x7a, ADEN = 7, ADMUX = 0x7c, BANDGAP_CHANNEL = 14, GROUND_CHANNEL = 15 };
enum { CODES = 1024 };

static avr_adc_t *adc;
static float *samples;
static long sample_count;
static double sample_hz;
static uint64_t signal_began;
static struct { int column; double gain, offset_uv; } pins[ANALOG_PINS];
static double noise_uv, reference_uv[4] = { 5e6, 5e6, 5e6, 1.1e6 };
static uint64_t noise_state = 1;
static uint64_t enabled_at;
static int first_conversion, conversion_began;

static double gaussian(void)
{
	double sum = -6.0;

	for (int i = 0; i < 12; i++) {
		noise_state ^= noise_state << 13;
		noise_state ^= noise_state >> 7;
		noise_state ^= noise_state << 17;
		sum += (double)(noise_state >> 11) / (double)(1ull << 53);
	}
	return sum;
}

int analog_play(const char *path, double fs_hz)
{
	FILE *file = fopen(path, "rb");
	long bytes;

	if (!file || fseek(file, 0, SEEK_END) || (bytes = ftell(file)) <= 0)
		return 0;
	rewind(file);
	free(samples);
	samples = malloc((size_t)bytes);
	sample_count = bytes / (long)(ANALOG_COLUMNS * sizeof *samples);
	sample_hz = fs_hz;
	signal_began = avr->cycle;
	int whole = fread(samples, 1, (size_t)bytes, file) == (size_t)bytes;
	fclose(file);
	return whole && sample_count > 1;
}

double analog_signal_uv(int column, uint64_t cycle)
{
	if (!sample_count)
		return 0.0;
	double place = (double)(cycle - signal_began) * sample_hz / CPU_HZ;
	double whole = floor(place);
	long here = (long)fmod(whole, (double)sample_count), next = (here + 1) % sample_count;
	double from = samples[here * ANALOG_COLUMNS + column];

	return from + (place - whole) * (samples[next * ANALOG_COLUMNS + column] - from);
}

void analog_wire(int pin, int column, double gain, double offset_uv)
{
	pins[pin].column = column;
	pins[pin].gain = gain;
	pins[pin].offset_uv = offset_uv;
}

void analog_noise(double sigma_uv, uint64_t seed)
{
	noise_uv = sigma_uv;
	noise_state = seed * 0x9e3779b97f4a7c15ull | 1;
}

void analog_reference(double aref_uv, double avcc_uv)
{
	reference_uv[0] = aref_uv;
	reference_uv[1] = avcc_uv;
}

static double voltage_uv(int channel, uint64_t cycle)
{
	if (channel == BANDGAP_CHANNEL)
		return 1.1e6;
	if (channel >= ANALOG_PINS)
		return 0.0;
	double uv = pins[channel].offset_uv;

	if (pins[channel].column >= 0)
		uv += pins[channel].gain * analog_signal_uv(pins[channel].column, cycle);
	return uv + (noise_uv > 0.0 ? noise_uv * gaussian() : 0.0);
}

/* Data sheet, "Single Conversion Result": ADC = Vin * 1024 / Vref. */
static int code_of(double uv, double ref_uv)
{
	double code = floor(uv * CODES / ref_uv);

	return code < 0.0 ? 0 : code > CODES - 1 ? CODES - 1 : (int)code;
}

static int clock_divisor(void)
{
	int bits = avr->data[ADCSRA] & 7;

	return bits ? 1 << bits : 2;
}

/* A conversion starts with the next edge of the converter's clock, which runs since ADEN was set. */
static uint64_t clock_edge(void)
{
	uint64_t divisor = (uint64_t)clock_divisor();

	return enabled_at + (avr->cycle - enabled_at + divisor - 1) / divisor * divisor;
}

static void on_conversion(struct avr_irq_t *irq, uint32_t value, void *param)
{
	uint8_t admux = avr->data[ADMUX];
	int channel = admux & 15, reference = admux >> 6;
	uint64_t held = clock_edge() + (uint64_t)(clock_divisor() * (first_conversion ? 27 : 3) / 2);

	(void)irq;
	(void)value;
	(void)param;
	int code = code_of(voltage_uv(channel, held), reference_uv[reference]);

	/* The channel was latched now; simavr would look at ADMUX when the result is read. So all
	   inputs get the voltage that simavr turns into this code: it divides by 1023. */
	uint32_t millivolts = (uint32_t)((code * (reference == 3 ? 1100 : 10230) + 1022) / 1023);

	for (int pin = 0; pin < ANALOG_PINS; pin++)
		avr_raise_irq(adc->io.irq + ADC_IRQ_ADC0 + pin, millivolts);
	conversion_began = 1;
	trace_add(TRACE_CONVERSION, channel | (first_conversion ? TRACE_WAKING : 0), held, code);
}

static void adcsra_written(uint8_t value)
{
	int was_enabled = avr->data[ADCSRA] >> ADEN & 1;

	if (!was_enabled && value >> ADEN & 1) {
		enabled_at = avr->cycle;
		first_conversion = 1;
	}
	conversion_began = 0;
	machine_write_inner(ADCSRA, value);
	if (conversion_began) {
		int clocks = first_conversion ? 25 : 13;

		machine_retime(adc, clock_edge() - avr->cycle +
				(uint64_t)(clocks * clock_divisor()));
		first_conversion = 0;
	}
}

void analog_start(void)
{
	adc = machine_part("adc");
	avr->vcc = avr->avcc = avr->aref = 10230;
	/* Whatever the channel, what is read is what was put on all inputs. */
	for (int channel = 0; channel <= GROUND_CHANNEL; channel++)
		adc->muxmode[channel] = (avr_adc_mux_t){ .kind = ADC_MUX_SINGLE, .src = 0 };
	for (int pin = 0; pin < ANALOG_PINS; pin++)
		analog_wire(pin, -1, 0.0, 0.0);
	avr_irq_register_notify(adc->io.irq + ADC_IRQ_OUT_TRIGGER, on_conversion, NULL);
	machine_wrap_write(ADCSRA, adcsra_written);
}
