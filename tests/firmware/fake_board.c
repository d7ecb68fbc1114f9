#include "fake_board.h"

#include <string.h>

#include "core/ad8232.h"
#include "core/ads1292r.h"
#include "core/boot_log.h"
#include "core/byte_ring.h"
#include "core/node.h"

static uint32_t bytes_per_s;
static uint64_t line_credit; /* thousandths of a byte */
static sample_t next_sample;
static bool sample_waits;
static bool led, self_test, faulty;
static uint32_t missed_samples, restarts;
static uint16_t rate_hz;

void fake_board_begin(uint32_t line_bytes_per_s)
{
    bytes_per_s = line_bytes_per_s;
    line_credit = 0;
    sample_waits = led = self_test = faulty = false;
    missed_samples = restarts = 0;
    memset(&transmit_ring, 0, sizeof transmit_ring);
    memset(&receive_ring, 0, sizeof receive_ring);
}

void fake_line_speed(uint32_t line_bytes_per_s)
{
    bytes_per_s = line_bytes_per_s;
    line_credit = 0;
}

void fake_line_run(uint32_t elapsed_ms, void (*sent)(uint8_t byte))
{
    line_credit += (uint64_t)elapsed_ms * bytes_per_s;
    while (line_credit >= 1000 && !transmit_is_empty()) {
        line_credit -= 1000;
        sent(transmit_take());
    }
    if (transmit_is_empty())
        line_credit = line_credit % 1000; /* an idle line saves nothing up */
}

void fake_sample(const sample_t *sample)
{
    next_sample = *sample;
    sample_waits = true;
}

void fake_missed(uint32_t sample_count)
{
    missed_samples += sample_count;
}

void fake_front_end_fault(bool is_faulty)
{
    faulty = is_faulty;
}

bool fake_led_is_on(void) { return led; }
bool fake_self_test_runs(void) { return self_test; }
uint16_t fake_rate_hz(void) { return rate_hz; }
uint32_t fake_restarts(void) { return restarts; }

/* ---- what the core calls ---- */

void board_transmit_begin(void) {}
void board_led(bool on) { led = on; }
void board_restart(void) { restarts++; }

void front_end_begin(uint16_t fs_hz) { rate_hz = fs_hz; }
void front_end_poll(uint32_t now_ms) { (void)now_ms; }

bool front_end_take(sample_t *sample)
{
    bool taken = sample_waits;
    if (taken) {
        *sample = next_sample;
        sample->missed_before = missed_samples;
        missed_samples = 0;
    }
    sample_waits = false;
    return taken;
}

bool front_end_works(void) { return !faulty; }
void front_end_self_test(bool on) { self_test = on; }

void front_end_describe(hello_t *hello, uint16_t fs_hz)
{
#if FRONT_END == FRONT_END_AD8232
    (void)fs_hz;
    ad8232_describe(hello);
#else
    ads1292r_describe(hello, fs_hz);
#endif
}
