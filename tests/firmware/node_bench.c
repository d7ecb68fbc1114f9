/* The firmware's core on a computer: what happens to it on standard input, what it sends on
 * standard output.
 *
 *     boot NUMBER CAUSE            begin a run
 *     line BYTES_PER_S             what the serial line carries; 0: it stands
 *     s LEVEL LEVEL SAT OFF        the next sample (FRONT_END's levels), after its period of time
 *     noise COUNT SEED             so many random ones, a quarter of them out of range
 *     f HEX                        the same from one frame of an ADS1292R
 *     c SUM SUM PINS               the same from sums of conversions and the lead-off pins
 *     wait MS                      time without samples
 *     battery CODE                 one conversion of the divider, 200 times
 *     host HEX                     bytes from the host
 *     missed COUNT                 samples that the front end lost
 *     fault 0|1                    the front end does not answer
 *     drain                        the end: what waits in the ring leaves
 *
 * Answers: "sent MS HEX" in order, "led MS 0|1" at each change, "level A B SAT OFF" after f and c,
 * "test 0|1" and "rate HZ" at each change, "restart MS". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ad8232.h"
#include "core/ads1292r.h"
#include "core/battery.h"
#include "core/byte_ring.h"
#include "core/node.h"
#include "fake_board.h"

enum { LINE_BYTES = 4096 };

static uint32_t now_ms;
static uint32_t period_rest_us;
static bool led, test;
static uint16_t rate_hz;
static uint32_t restarts;
static bool line_is_open; /* a "sent" line has begun */

static void print_byte(uint8_t byte)
{
    if (!line_is_open)
        printf("sent %u ", now_ms);
    line_is_open = true;
    printf("%02x", byte);
}

static void end_line(void)
{
    if (line_is_open)
        printf("\n");
    line_is_open = false;
}

static void tell_changes(void)
{
    if (led != fake_led_is_on())
        printf("led %u %d\n", now_ms, led = fake_led_is_on());
    if (test != fake_self_test_runs())
        printf("test %d\n", test = fake_self_test_runs());
    if (rate_hz != fake_rate_hz())
        printf("rate %d\n", rate_hz = fake_rate_hz());
    if (restarts != fake_restarts())
        printf("restart %u\n", now_ms);
    restarts = fake_restarts();
}

static void step(uint32_t elapsed_ms)
{
    now_ms += elapsed_ms;
    node_poll(now_ms);
    fake_line_run(elapsed_ms, print_byte);
    end_line();
    tell_changes();
}

static void pass(uint32_t duration_ms)
{
    for (; duration_ms > 4; duration_ms -= 4)
        step(4);
    step(duration_ms);
}

static void drain(void)
{
    for (int left_ms = 2000; left_ms > 0; left_ms -= 4) {
        now_ms += 4;
        fake_line_run(4, print_byte);
        end_line();
    }
}

static void take(const sample_t *sample)
{
    uint32_t period_us = 1000000u / fake_rate_hz() + period_rest_us;
    period_rest_us = period_us % 1000u;
    fake_sample(sample);
    step(period_us / 1000u);
}

static void print_levels(const sample_t *sample)
{
    printf("level %d %d %d %d\n", sample->level[0], sample->level[1], sample->saturated,
           sample->electrodes_off);
}

static void noise(unsigned count, uint32_t seed)
{
    const int limit = ADC_RESOLUTION == 12 ? 8192 : 32767;
    while (count-- > 0) {
        sample_t sample = {{0, 0}, 0, 0, 0};
        for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
            seed = seed * 1664525u + 1013904223u;
            sample.level[channel] = (int16_t)((int32_t)(seed >> 8) % (2 * limit) - limit);
            sample.saturated |= (uint8_t)((seed >> 30 == 0) << channel);
        }
        sample.electrodes_off = seed >> 12 & 7;
        take(&sample);
    }
}

static void read_frame(const char *hex)
{
#if FRONT_END == FRONT_END_ADS1292R
    static ads1292r_t converter;
    uint8_t frame[ADS1292R_FRAME_BYTES];
    sample_t sample = {{0, 0}, 0, 0, 0};
    unsigned byte;
    for (int at = 0; at < ADS1292R_FRAME_BYTES && sscanf(hex + 2 * at, "%2x", &byte) == 1; at++)
        frame[at] = (uint8_t)byte;
    if (converter.fs_hz != fake_rate_hz())
        ads1292r_begin(&converter, fake_rate_hz());
    if (!ads1292r_read(&converter, frame, &sample)) {
        printf("no frame\n");
        return;
    }
    print_levels(&sample);
    take(&sample);
#else
    (void)hex;
#endif
}

static void read_sums(unsigned lead_i, unsigned lead_ii, unsigned pins)
{
#if FRONT_END == FRONT_END_AD8232
    sample_t sample = {{ad8232_level((uint16_t)lead_i), ad8232_level((uint16_t)lead_ii)}, 0, 0, 0};
    sample.saturated = (uint8_t)(ad8232_is_saturated((uint16_t)lead_i) |
                                 ad8232_is_saturated((uint16_t)lead_ii) << 1);
    sample.electrodes_off = ad8232_electrodes_off(pins & 1, pins & 2, pins & 4, pins & 8);
    print_levels(&sample);
    take(&sample);
#else
    (void)lead_i;
    (void)lead_ii;
    (void)pins;
#endif
}

static void hear(const char *hex)
{
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        receive_put((uint8_t)byte);
}

static void run_line(const char *line)
{
    char hex[LINE_BYTES];
    unsigned first, second, third;
    int level_i, level_ii;
    sample_t sample;
    if (sscanf(line, "s %d %d %u %u", &level_i, &level_ii, &first, &second) == 4) {
        sample = (sample_t){{(int16_t)level_i, (int16_t)level_ii}, (uint8_t)first, (uint8_t)second,
                            0};
        take(&sample);
    } else if (sscanf(line, "noise %u %u", &first, &second) == 2)
        noise(first, second);
    else if (sscanf(line, "c %u %u %u", &first, &second, &third) == 3)
        read_sums(first, second, third);
    else if (sscanf(line, "wait %u", &first) == 1)
        pass(first);
    else if (sscanf(line, "host %4095s", hex) == 1)
        hear(hex);
    else if (sscanf(line, "line %u", &first) == 1)
        fake_line_speed(first);
    else if (sscanf(line, "missed %u", &first) == 1)
        fake_missed(first);
    else if (sscanf(line, "fault %u", &first) == 1)
        fake_front_end_fault(first);
    else if (sscanf(line, "f %4095s", hex) == 1)
        read_frame(hex);
    else if (!strcmp(line, "drain\n"))
        drain();
    else if (sscanf(line, "battery %u", &first) == 1)
        for (int time = 0; time < 200; time++)
            battery_see((uint16_t)first);
    else if (sscanf(line, "boot %u %u", &first, &second) == 2) {
        fake_board_begin(BAUD_RATE / 10);
        now_ms = 0;
        node_begin((uint16_t)first, (uint8_t)second);
    } else {
        fprintf(stderr, "not understood: %s", line);
        exit(2);
    }
}

int main(void)
{
    static char line[LINE_BYTES + 64];
    while (fgets(line, sizeof line, stdin))
        run_line(line);
    return 0;
}
