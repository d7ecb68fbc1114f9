/* ADS1292R on SPI: it converts by its own clock and pulls DRDY low; that interrupt reads the frame.
 *
 * The chip keeps one frame only, so it is read at once, in 45 us, and the program may be away for as
 * long as the queue lasts: sealing a long packet takes more than the 2 ms between samples at 500 Hz.
 *
 * Bringing it up takes 1.0 s of waiting (its data sheet, "Power-up sequencing"), done step by step,
 * so that hello and status leave at once. A spark may stop it or, worse, reset it, and then it goes on
 * with twice the samples of half the meaning. So its registers are read back eight times a second; if
 * it is silent or not itself it is brought up anew, and samples that were due since it was last known
 * to be right are counted by the board's clock: the ones after it keep their place.
 */
#include "../core/ads1292r.h"

#if FRONT_END == FRONT_END_ADS1292R

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/delay.h>

#include "../../pins.h"
#include "../core/battery.h"
#include "../core/platform.h"
#include "board.h"

#define TICK_MS 4u
#define RESET_LOW_MS 8u
#define POWER_UP_MS 1000u
#define RESET_RECOVERY_MS 8u /* 18 clocks of 512 kHz, and the oscillator */
#define SILENCE_MS 200u
#define RETRY_MS 1000u
#define RESET_PULSE_US 10
#define DECODE_US 9   /* four clocks of 512 kHz between the bytes of a command */
#define DESELECT_US 5 /* two of them between two commands */
#define SAMPLES_BETWEEN_CHECKS 32
#define QUEUE_FRAMES 8u
#define CLOCK_TICKS (F_CPU / 8u * TICK_MS / 1000u) /* of timer 1, half a microsecond each */
#define QUIET_TICKS 2000u /* behind a frame nothing else comes for so long, at any rate */
#define EXTERNAL_AREF 0

enum opcode {
    OPCODE_RDATAC = 0x10,
    OPCODE_SDATAC = 0x11,
    OPCODE_RREG = 0x20,
    OPCODE_WREG = 0x40,
};

enum phase { NOT_BEGUN, IN_RESET, POWERING_UP, RECOVERING, CONVERTING, ABSENT };

static ads1292r_t converter;
static enum phase phase;
static uint32_t phase_began_ms;
static uint32_t last_sample_ms;
static uint32_t battery_ms;
static uint32_t known_ms; /* when it was last known to be right */
static uint32_t known_samples; /* that it has given since */
static uint16_t rate_hz;
static bool is_known;  /* it has given a sample at this rate */
static bool came_back; /* and it was brought up anew since then */
static bool test_wanted;
static bool test_runs;

typedef struct {
    uint8_t bytes[ADS1292R_FRAME_BYTES];
    uint8_t missed_before; /* frames for which the queue had no room */
} frame_t;

static frame_t queue[QUEUE_FRAMES];
static volatile uint8_t put_at;
static volatile uint8_t take_at;
static volatile uint16_t read_at_ticks; /* of timer 1, when the last frame was read */

ISR(TIMER1_COMPA_vect)
{
    board_clock_ms += TICK_MS;
}

/* 2 MHz: four microseconds a byte. */
static inline uint8_t exchange(uint8_t byte)
{
    SPDR = byte;
    while (!(SPSR & _BV(SPIF))) {
    }
    return SPDR;
}

static inline void select(bool selected)
{
    PORTB = (uint8_t)(selected ? PORTB & ~_BV(ADS1292R_CS_PORTB_BIT)
                               : PORTB | _BV(ADS1292R_CS_PORTB_BIT));
}

ISR(INT0_vect)
{
    frame_t *frame = &queue[put_at];
    select(true);
    for (uint8_t index = 0; index < ADS1292R_FRAME_BYTES; index++)
        frame->bytes[index] = exchange(0);
    select(false);
    read_at_ticks = TCNT1;
    /* The place behind the last one is always free to be written; only then is it given on. */
    uint8_t next = (uint8_t)((put_at + 1u) % QUEUE_FRAMES);
    if (next == take_at) {
        frame->missed_before++;
    } else {
        put_at = next;
        queue[next].missed_before = 0;
    }
}

static void set_pin(volatile uint8_t *port, uint8_t bit, bool high)
{
    *port = (uint8_t)(high ? *port | _BV(bit) : *port & ~_BV(bit));
}

static uint8_t exchange_slowly(uint8_t byte)
{
    uint8_t answer = exchange(byte);
    _delay_us(DECODE_US);
    return answer;
}

static void end_command(void)
{
    select(false);
    _delay_us(DESELECT_US);
}

static void send_opcode(uint8_t opcode)
{
    select(true);
    exchange_slowly(opcode);
    end_command();
}

static void write_registers(const uint8_t *values, uint8_t first, uint8_t register_count)
{
    select(true);
    exchange_slowly(OPCODE_WREG | first);
    exchange_slowly((uint8_t)(register_count - 1));
    for (uint8_t index = 0; index < register_count; index++)
        exchange_slowly(values[first - ADS1292R_FIRST_REGISTER + index]);
    end_command();
}

static bool registers_hold(const uint8_t values[ADS1292R_REGISTERS])
{
    select(true);
    exchange_slowly(OPCODE_RREG | ADS1292R_ID_REGISTER);
    exchange_slowly(ADS1292R_REGISTERS); /* one less than with the ID before them */
    bool hold = exchange_slowly(0) == ADS1292R_ID;
    for (uint8_t index = 0; index < ADS1292R_REGISTERS; index++) {
        uint8_t found = exchange_slowly(0);
        bool read_only = index == ADS1292R_LOFF_STAT - ADS1292R_FIRST_REGISTER;
        hold = hold && (read_only || found == values[index]);
    }
    end_command();
    return hold;
}

static void begin_pins(void)
{
    PORTB |= _BV(ADS1292R_CS_PORTB_BIT);
    DDRB |= _BV(ADS1292R_CS_PORTB_BIT) | _BV(SPI_MOSI_PORTB_BIT) | _BV(SPI_SCK_PORTB_BIT);
    PORTD |= _BV(ADS1292R_DRDY_PORTD_BIT); /* without the chip DRDY stays high */
    DDRD |= _BV(ADS1292R_RESET_PORTD_BIT) | _BV(ADS1292R_START_PORTD_BIT);
    SPCR = _BV(SPE) | _BV(MSTR) | _BV(CPHA) | _BV(SPR0); /* mode 1, F_CPU / 16 ... */
    SPSR = _BV(SPI2X);                                   /* ... times 2 */
    EICRA = _BV(ISC01);                                  /* INT0 at a falling edge */
}

static void begin_clock(void)
{
    TCCR1A = 0;
    TCCR1B = _BV(WGM12) | _BV(CS11); /* clear at OCR1A, F_CPU / 8 */
    OCR1A = (uint16_t)(CLOCK_TICKS - 1u);
    TIMSK1 = _BV(OCIE1A);
}

static void begin_battery(void)
{
    DIDR0 = _BV(BATTERY_ADC_CHANNEL);
    ADMUX = EXTERNAL_AREF << REFS0 | BATTERY_ADC_CHANNEL;
    ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
}

static void enter(enum phase next, uint32_t now_ms)
{
    phase = next;
    phase_began_ms = now_ms;
}

static void power_up(uint32_t now_ms)
{
    EIMSK = 0;
    set_pin(&PORTD, ADS1292R_START_PORTD_BIT, false);
    set_pin(&PORTD, ADS1292R_RESET_PORTD_BIT, false);
    enter(IN_RESET, now_ms);
}

/* Write what it shall do, read it back, let it run. */
static void configure(uint32_t now_ms)
{
    uint8_t registers[ADS1292R_REGISTERS];
    EIMSK = 0;
    set_pin(&PORTD, ADS1292R_START_PORTD_BIT, false);
    send_opcode(OPCODE_SDATAC);
    test_runs = test_wanted;
    ads1292r_registers(registers, rate_hz, test_runs);
    write_registers(registers, ADS1292R_FIRST_REGISTER, ADS1292R_REGISTERS);
    if (!registers_hold(registers)) {
        enter(ABSENT, now_ms);
        return;
    }
    send_opcode(OPCODE_RDATAC);
    ads1292r_begin(&converter, rate_hz);
    take_at = put_at;
    queue[put_at].missed_before = 0;
    EIFR = _BV(INTF0);
    EIMSK = _BV(INT0);
    set_pin(&PORTD, ADS1292R_START_PORTD_BIT, true);
    enter(CONVERTING, now_ms);
}

static void end_reset(void)
{
    set_pin(&PORTD, ADS1292R_RESET_PORTD_BIT, false);
    _delay_us(RESET_PULSE_US);
    set_pin(&PORTD, ADS1292R_RESET_PORTD_BIT, true);
}

void front_end_begin(uint16_t fs_hz)
{
    rate_hz = fs_hz;
    is_known = false;
    if (phase == CONVERTING)
        configure(board_now_ms());
    if (phase != NOT_BEGUN)
        return;
    begin_pins();
    begin_clock();
    begin_battery();
    power_up(board_now_ms());
}

static bool phase_is_older_than(uint32_t now_ms, uint16_t age_ms)
{
    return now_ms - phase_began_ms >= age_ms;
}

static void see_battery(uint32_t now_ms)
{
    if (now_ms == battery_ms || (ADCSRA & _BV(ADSC)))
        return;
    battery_ms = now_ms;
    battery_see(ADC);
    ADCSRA |= _BV(ADSC);
}

static void bring_up_anew(uint32_t now_ms)
{
    came_back = true;
    power_up(now_ms);
}

static void watch_silence(uint32_t now_ms)
{
    if (phase_is_older_than(now_ms, SILENCE_MS) && now_ms - last_sample_ms >= SILENCE_MS)
        bring_up_anew(now_ms);
}

void front_end_poll(uint32_t now_ms)
{
    see_battery(now_ms);
    if (phase == IN_RESET && phase_is_older_than(now_ms, RESET_LOW_MS)) {
        set_pin(&PORTD, ADS1292R_RESET_PORTD_BIT, true);
        enter(POWERING_UP, now_ms);
    } else if (phase == POWERING_UP && phase_is_older_than(now_ms, POWER_UP_MS)) {
        end_reset();
        enter(RECOVERING, now_ms);
    } else if (phase == RECOVERING && phase_is_older_than(now_ms, RESET_RECOVERY_MS)) {
        configure(now_ms);
    } else if (phase == ABSENT && phase_is_older_than(now_ms, RETRY_MS)) {
        power_up(now_ms);
    } else if (phase == CONVERTING) {
        watch_silence(now_ms);
    }
}

bool front_end_has_work(void)
{
    return put_at != take_at;
}

/* What it should have given since it was last right, and has not. */
static uint32_t outage_samples(uint32_t now_ms)
{
    uint32_t due_samples = (now_ms - known_ms) * rate_hz / 1000u;
    bool outage = came_back && is_known && due_samples > known_samples + 1u;
    uint32_t missed_samples = outage ? due_samples - known_samples - 1u : 0;
    if (came_back || !is_known) {
        known_ms = now_ms;
        known_samples = 0;
    }
    came_back = false;
    is_known = true;
    return missed_samples;
}

static void switch_test(void)
{
    uint8_t registers[ADS1292R_REGISTERS];
    test_runs = test_wanted;
    ads1292r_registers(registers, rate_hz, test_runs);
    write_registers(registers, ADS1292R_CONFIG2, 1);
    write_registers(registers, ADS1292R_CH1SET, CHANNEL_COUNT);
    ads1292r_begin(&converter, rate_hz);
}

static void check_registers(uint32_t now_ms)
{
    uint8_t registers[ADS1292R_REGISTERS];
    ads1292r_registers(registers, rate_hz, test_runs);
    if (registers_hold(registers)) {
        known_ms = now_ms;
        known_samples = 0;
    } else {
        bring_up_anew(now_ms);
    }
}

static bool just_read(void)
{
    uint16_t now_ticks = 0, then_ticks = 0;
    UNINTERRUPTED
    {
        now_ticks = TCNT1;
        then_ticks = read_at_ticks;
    }
    uint16_t since = now_ticks >= then_ticks ? now_ticks - then_ticks
                                             : (uint16_t)(now_ticks + CLOCK_TICKS - then_ticks);
    return since < QUIET_TICKS && !front_end_has_work();
}

/* Between two frames, while it goes on converting, so that no sample is lost. At 125 Hz the timer has
 * turned once between two of them, and `just_read` is true in both halves: there is time in both. */
static void use_quiet_time(uint32_t now_ms)
{
    bool check_is_due = known_samples >= SAMPLES_BETWEEN_CHECKS;
    if ((test_wanted == test_runs && !check_is_due) || !just_read())
        return;
    EIMSK = 0;
    send_opcode(OPCODE_SDATAC);
    if (test_wanted != test_runs)
        switch_test();
    else
        check_registers(now_ms);
    send_opcode(OPCODE_RDATAC);
    if (phase == CONVERTING)
        EIMSK = _BV(INT0);
}

bool front_end_take(sample_t *sample)
{
    static uint32_t unreadable_samples;
    if (!front_end_has_work() || phase != CONVERTING)
        return false;
    uint32_t now_ms = board_now_ms();
    const frame_t *frame = &queue[take_at];
    bool readable = ads1292r_read(&converter, frame->bytes, sample);
    sample->missed_before = unreadable_samples + frame->missed_before + outage_samples(now_ms);
    known_samples += frame->missed_before + 1u;
    take_at = (uint8_t)((take_at + 1u) % QUEUE_FRAMES);
    use_quiet_time(now_ms);
    unreadable_samples = readable ? 0 : sample->missed_before + 1u;
    last_sample_ms = readable ? now_ms : last_sample_ms;
    return readable;
}

bool front_end_works(void)
{
    return phase == CONVERTING;
}

void front_end_self_test(bool on)
{
    test_wanted = on;
}

void front_end_describe(hello_t *hello, uint16_t fs_hz)
{
    ads1292r_describe(hello, fs_hz);
}

#else

typedef int another_front_end_is_chosen;

#endif
