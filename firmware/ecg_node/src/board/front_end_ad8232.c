/* Two AD8232 on the ADC: timer 1 starts a conversion each 121 us, 33 make a sample.
 *
 * Sixteen of lead I and sixteen of lead II in turn, one of the battery. A conversion takes 104 us at
 * 125 kHz, up to 112 us from its start in the program, so it is over when the next is due.
 */
#include "../core/ad8232.h"

#if FRONT_END == FRONT_END_AD8232

#include <avr/interrupt.h>
#include <avr/io.h>

#include "../../pins.h"
#include "../core/battery.h"
#include "../core/platform.h"
#include "board.h"

#define CONVERSIONS_PER_SAMPLE (CHANNEL_COUNT * AD8232_CONVERSIONS + 1)
#define BATTERY_SLOT (CHANNEL_COUNT * AD8232_CONVERSIONS)
#define QUEUE_SAMPLES 16u /* 64 ms at 250 Hz: the program is never away for so long */
#define EXTERNAL_AREF 0   /* REFS1:0 */

typedef struct {
    uint16_t sum[CHANNEL_COUNT];
    uint8_t missed_before;
} sums_t;

static sums_t queue[QUEUE_SAMPLES];
static volatile uint8_t put_at;
static volatile uint8_t take_at;
static volatile uint16_t battery_code;

/* Of the interrupt alone. */
static sums_t sums;
static uint8_t slot;

static uint16_t slot_cycles;
static uint16_t last_slot_cycles;
static uint8_t sample_ms;
static uint16_t sampling_rate_hz;
static uint16_t test_index;
static bool test_runs;

static void begin_pins(void)
{
    const uint8_t lead_off_pins = _BV(LEAD_I_LO_PLUS_PORTB_BIT) | _BV(LEAD_I_LO_MINUS_PORTB_BIT) |
                                  _BV(LEAD_II_LO_PLUS_PORTB_BIT) | _BV(LEAD_II_LO_MINUS_PORTB_BIT);
    DDRB &= (uint8_t)~lead_off_pins;
    PORTB |= lead_off_pins; /* a broken wire reads as an electrode that is off */
    DIDR0 = _BV(LEAD_I_ADC_CHANNEL) | _BV(LEAD_II_ADC_CHANNEL) | _BV(BATTERY_ADC_CHANNEL);
}

/* The first conversion of a converter that was off takes 200 us; nobody needs its result. */
static void wake_converter(void)
{
    ADMUX = EXTERNAL_AREF << REFS0 | LEAD_I_ADC_CHANNEL;
    ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
    while (ADCSRA & _BV(ADSC)) {
    }
}

static void begin_conversions(void)
{
    slot = 0;
    sums = (sums_t){{0, 0}, 0};
    take_at = put_at;
    TCCR1A = 0;
    TCCR1B = _BV(WGM12) | _BV(CS10); /* clear at OCR1A, no prescaler */
    OCR1A = slot_cycles - 1u;
    TCNT1 = 0;
    TIFR1 = _BV(OCF1A);
    TIMSK1 = _BV(OCIE1A);
    ADCSRA |= _BV(ADSC);
}

/* The conversion that is started here is the first of sample 0, or of the first at a new rate. */
void front_end_begin(uint16_t fs_hz)
{
    const uint32_t sample_cycles = F_CPU / fs_hz;
    TIMSK1 = 0;
    slot_cycles = (uint16_t)(sample_cycles / CONVERSIONS_PER_SAMPLE);
    last_slot_cycles = (uint16_t)(slot_cycles + sample_cycles % CONVERSIONS_PER_SAMPLE);
    sample_ms = (uint8_t)(1000u / fs_hz);
    sampling_rate_hz = fs_hz;
    begin_pins();
    wake_converter();
    UNINTERRUPTED
    {
        begin_conversions();
    }
}

static void queue_sums(void)
{
    uint8_t next = (uint8_t)((put_at + 1u) % QUEUE_SAMPLES);
    if (next == take_at) {
        sums.missed_before++;
    } else {
        queue[put_at] = sums;
        put_at = next;
        sums.missed_before = 0;
    }
    sums.sum[0] = 0;
    sums.sum[1] = 0;
}

ISR(TIMER1_COMPA_vect)
{
    /* The result first, then the next input: the converter takes ADMUX over at its start. */
    while (ADCSRA & _BV(ADSC)) {
    }
    uint16_t code = ADC;
    uint8_t done = slot;
    uint8_t next = done == BATTERY_SLOT ? 0 : (uint8_t)(done + 1);
    slot = next;
    ADMUX = EXTERNAL_AREF << REFS0 |
            (next == BATTERY_SLOT ? BATTERY_ADC_CHANNEL
             : next & 1           ? LEAD_II_ADC_CHANNEL
                                  : LEAD_I_ADC_CHANNEL);
    ADCSRA |= _BV(ADSC);
    OCR1A = (next == BATTERY_SLOT ? last_slot_cycles : slot_cycles) - 1u;
    if (done != BATTERY_SLOT) {
        sums.sum[done & 1] += code;
        return;
    }
    battery_code = code;
    board_clock_ms += sample_ms;
    queue_sums();
}

void front_end_poll(uint32_t now_ms)
{
    (void)now_ms;
}

bool front_end_has_work(void)
{
    return put_at != take_at;
}

static void see_battery(void)
{
    uint16_t code = 0;
    UNINTERRUPTED
    {
        code = battery_code;
    }
    battery_see(code);
}

static bool pin_is_high(uint8_t bit)
{
    return PINB & _BV(bit);
}

bool front_end_take(sample_t *sample)
{
    if (!front_end_has_work())
        return false;
    const sums_t *taken = &queue[take_at];
    sample->missed_before = taken->missed_before;
    sample->saturated = 0;
    for (uint8_t channel = 0; channel < CHANNEL_COUNT; channel++) {
        sample->level[channel] = ad8232_level(taken->sum[channel]);
        if (ad8232_is_saturated(taken->sum[channel]))
            sample->saturated |= (uint8_t)(1u << channel);
        if (test_runs)
            sample->level[channel] = ad8232_test_level(test_index, sampling_rate_hz);
    }
    sample->saturated = test_runs ? 0 : sample->saturated;
    sample->electrodes_off = ad8232_electrodes_off(
        pin_is_high(LEAD_I_LO_PLUS_PORTB_BIT), pin_is_high(LEAD_I_LO_MINUS_PORTB_BIT),
        pin_is_high(LEAD_II_LO_PLUS_PORTB_BIT), pin_is_high(LEAD_II_LO_MINUS_PORTB_BIT));
    test_index = (uint16_t)((test_index + 1u) % sampling_rate_hz);
    take_at = (uint8_t)((take_at + 1u) % QUEUE_SAMPLES);
    see_battery();
    return true;
}

bool front_end_works(void)
{
    return true;
}

void front_end_self_test(bool on)
{
    test_runs = on;
    test_index = 0;
}

void front_end_describe(hello_t *hello, uint16_t fs_hz)
{
    (void)fs_hz;
    ad8232_describe(hello);
}

#else

typedef int another_front_end_is_chosen;

#endif
