#include "node.h"

#include <string.h>

#include "battery.h"
#include "byte_ring.h"
#include "commands.h"
#include "electrodes.h"
#include "outbox.h"
#include "seal.h"
#include "stream.h"

#define MS_PER_S 1000u
#define HELLO_PAUSE_MS 2000u /* between two hellos */
#define IDENTIFY_HALF_PERIOD_MS 250u
#define FAULT_HALF_PERIOD_MS 64u
#define ALIVE_MS 20u

_Static_assert(sizeof DEVICE_ID > 1 && sizeof DEVICE_ID <= TEXT_MAX_BYTES + 1,
               "DEVICE_ID: 1 to 24 characters");

static struct {
    uint32_t second_began_ms;
    uint32_t uptime_s;
    uint32_t hello_ms;
    uint32_t identify_from_ms;
    uint32_t test_left_counter;
    uint16_t fs_hz;
    uint16_t identify_ms;
    uint8_t reset_cause;
    bool greeted;
    bool status_due;
    bool test_runs;
    electrodes_t electrodes;
} node;

void node_begin(uint16_t boot, uint8_t reset_cause)
{
    memset(&node, 0, sizeof node);
    node.reset_cause = reset_cause;
    node.fs_hz = SAMPLING_RATE;
    node.status_due = true;
    outbox_begin(boot);
    commands_begin(node.fs_hz);
    stream_begin(node.fs_hz);
    front_end_begin(node.fs_hz);
}

static void take_samples(void)
{
    sample_t sample = {{0, 0}, 0, 0, 0};
    while (front_end_take(&sample)) {
        stream_skip(sample.missed_before);
        electrodes_see(&node.electrodes, sample.electrodes_off);
        stream_take(&sample);
    }
}

#if FRAME_FORMAT == FRAME_BLOCK

static void send_status(void)
{
    uint8_t packet[STATUS_PACKET_BYTES];
    status_t status = {
        .counter = stream_counter(),
        .boot = outbox_boot(),
        .battery_mv = battery_mv(),
        .electrodes = (uint8_t)(ELECTRODES_SENSED << 4 | electrodes_report(&node.electrodes)),
        .state = node.reset_cause,
        .saturated = stream_saturated(),
        .overruns = stream_overruns(),
        .uptime_s = node.uptime_s,
    };
    status.state |= stream_is_sending() ? STATE_SENDING : 0;
    status.state |= stream_is_marked_test() ? STATE_TEST_SIGNAL : 0;
    uint8_t size_bytes = encode_status(packet, outbox_next_sequence(), &status);
    outbox_send_sealed(packet, size_bytes, (uint16_t)(status.counter >> 16));
    node.status_due = false;
}

static void send_hello(uint32_t now_ms)
{
    uint8_t packet[HELLO_MAX_PACKET_BYTES];
    hello_t hello = {
        .boot = outbox_boot(),
        .flags = MAINS_NOTCH_HZ ? HELLO_NOTCH_ON : 0,
        .fs_mhz = node.fs_hz * (uint32_t)1000,
        .lead_count = CHANNEL_COUNT,
        .leads = {LEAD_I, LEAD_II},
        .device_id = DEVICE_ID,
        .firmware = FIRMWARE_VERSION,
    };
    front_end_describe(&hello, node.fs_hz);
    outbox_send_sealed(packet, encode_hello(packet, outbox_next_sequence(), &hello), 0);
    node.greeted = true;
    node.hello_ms = now_ms;
    wishes.hello = false;
}

static bool hello_may_go(uint32_t now_ms)
{
    bool paused = now_ms - node.hello_ms >= HELLO_PAUSE_MS && !commands_have_reply();
    return (paused || !node.greeted) && outbox_is_calm();
}

/* A new rate comes with a hello before its first sample, so it waits until a hello may go. */
static void change_rate(uint32_t now_ms)
{
    node.fs_hz = wishes.fs_hz;
    front_end_begin(node.fs_hz);
    stream_set_rate(node.fs_hz);
    send_hello(now_ms);
}

static void send_messages(uint32_t now_ms)
{
    while (node.greeted && commands_have_reply() && outbox_is_calm())
        commands_send_reply();
    if (wishes.hello && hello_may_go(now_ms)) {
        if (wishes.fs_hz == node.fs_hz)
            send_hello(now_ms);
        else if (stream_is_between_packets())
            change_rate(now_ms);
    }
    if (node.status_due && node.greeted && outbox_has_room(STATUS_PACKET_BYTES))
        send_status();
}

#else

static void send_messages(uint32_t now_ms)
{
    (void)now_ms;
}

#endif

/* The test signal begins and ends with a packet, and what still settles is marked as test. */
static void switch_self_test(void)
{
    if (!stream_is_between_packets() || (!node.test_runs && !wishes.self_test &&
                                         !stream_is_marked_test()))
        return;
    if (wishes.self_test != node.test_runs) {
        node.test_runs = wishes.self_test;
        front_end_self_test(node.test_runs);
        node.test_left_counter = stream_counter();
        stream_mark_test(true);
    } else if (!node.test_runs &&
               stream_counter() - node.test_left_counter >= FRONT_END_SETTLING_SAMPLES) {
        stream_mark_test(false);
    }
}

static void keep_time(uint32_t now_ms)
{
    while (now_ms - node.second_began_ms >= MS_PER_S) {
        node.second_began_ms += MS_PER_S;
        node.uptime_s++;
        node.status_due = true;
    }
}

static bool blinks(uint32_t now_ms, uint16_t half_period_ms)
{
    return now_ms / half_period_ms % 2 == 0;
}

static void show(uint32_t now_ms)
{
    if (wishes.identify) {
        wishes.identify = false;
        node.identify_from_ms = now_ms;
        node.identify_ms = wishes.identify_ms;
    }
    if (now_ms - node.identify_from_ms < node.identify_ms) {
        board_led(blinks(now_ms, IDENTIFY_HALF_PERIOD_MS));
        return;
    }
    node.identify_ms = 0;
    if (!front_end_works())
        board_led(blinks(now_ms, FAULT_HALF_PERIOD_MS));
    else
        board_led(now_ms - node.second_began_ms < ALIVE_MS);
}

void node_poll(uint32_t now_ms)
{
    keep_time(now_ms);
    front_end_poll(now_ms);
    take_samples();
    if (FRAME_FORMAT == FRAME_BLOCK) {
        commands_poll(now_ms);
        switch_self_test();
    }
    send_messages(now_ms);
    show(now_ms);
#ifdef ECG_KEY
    if (stream_counter() >= SEAL_RESTART_COUNTER)
        board_restart();
#endif
}
