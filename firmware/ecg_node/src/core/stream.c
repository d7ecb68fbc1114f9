#include "stream.h"

#include "notch.h"
#include "outbox.h"
#include "samples.h"
#include "six_lead.h"

#define HIGHEST_COUNT (ADC_RESOLUTION == 12 ? 2047 : INT16_MAX)
#define LOWEST_COUNT (-HIGHEST_COUNT - 1)
#define LONGEST_PACKET_BYTES SAMPLES_PACKET_BYTES(FASTEST_RATE_HZ)

static struct {
    uint32_t counter; /* of the next sample to come */
    uint16_t fs_hz;
    uint16_t saturated;
    uint16_t overruns;
    bool sending;
    bool test_signal;
    bool filtered; /* the notches have begun */
    uint8_t packed_samples;
    sample_packer_t packer;
    notch_t notch[CHANNEL_COUNT];
} stream;

#if FRAME_FORMAT == FRAME_BLOCK
static uint8_t samples_packet[LONGEST_PACKET_BYTES];
#endif

/* 65535 means "not reported", so these counters pass it over. */
static void count(uint16_t *counter)
{
    *counter = *counter == NOT_REPORTED_U16 - 1u ? 0 : (uint16_t)(*counter + 1u);
}

void stream_begin(uint16_t fs_hz)
{
    stream.counter = 0;
    stream.saturated = 0;
    stream.overruns = 0;
    stream.sending = true;
    stream.test_signal = false;
    stream_set_rate(fs_hz);
}

void stream_set_rate(uint16_t fs_hz)
{
    stream.fs_hz = fs_hz;
    stream.filtered = false;
    stream.packed_samples = 0;
}

void stream_send(bool sending)
{
    /* A gateway says START whenever it connects: the packet under way goes on. */
    if (sending == stream.sending)
        return;
    stream.sending = sending;
    stream.packed_samples = 0;
}

void stream_mark_test(bool test_signal)
{
    stream.test_signal = test_signal;
    stream.filtered = false;
}

static int16_t filtered_level(const sample_t *sample, uint8_t channel)
{
    int16_t level = sample->level[channel];
    if (MAINS_NOTCH_HZ == 0 || !notch_exists(MAINS_NOTCH_HZ, stream.fs_hz))
        return level;
    if (!stream.filtered)
        notch_begin(&stream.notch[channel], level);
    return notch_step(&stream.notch[channel], level, MAINS_NOTCH_HZ, stream.fs_hz);
}

/* Where a channel was out of range the filter knows nothing better: the count says so. */
static int16_t saturated_count(const sample_t *sample, uint8_t channel)
{
    count(&stream.saturated);
    return sample->level[channel] < 0 ? LOWEST_COUNT : HIGHEST_COUNT;
}

static int16_t count_of(const sample_t *sample, uint8_t channel)
{
    int32_t level = filtered_level(sample, channel);
    if (sample->saturated & 1u << channel)
        return saturated_count(sample, channel);
    /* Shifting rounds down; half a count added before makes it the nearest. */
    int32_t rounded = (level + (1 << LEVEL_FRACTION_BITS) / 2) >> LEVEL_FRACTION_BITS;
    return (int16_t)(rounded > HIGHEST_COUNT  ? HIGHEST_COUNT
                     : rounded < LOWEST_COUNT ? LOWEST_COUNT
                                              : rounded);
}

#if FRAME_FORMAT == FRAME_BLOCK

static void begin_packet(void)
{
    uint8_t type = samples_type(CHANNEL_COUNT, ADC_RESOLUTION, stream.test_signal);
    sample_packer_begin(&stream.packer, samples_packet, type, (uint16_t)stream.counter);
}

static void finish_packet(void)
{
    uint32_t first_counter = stream_counter();
    uint8_t sequence = outbox_next_sequence();
    stream.packed_samples = 0;
    if (!outbox_has_room(PACKET_OVERHEAD_BYTES + stream.packer.body_bytes)) {
        count(&stream.overruns);
        return;
    }
    uint8_t packet_bytes = sample_packer_seal(&stream.packer, sequence);
    outbox_send_sealed(samples_packet, packet_bytes, (uint16_t)(first_counter >> 16));
}

static void send_counts(const int16_t counts[CHANNEL_COUNT])
{
    if (stream.packed_samples == 0)
        begin_packet();
    for (uint8_t channel = 0; channel < CHANNEL_COUNT; channel++)
        sample_packer_put(&stream.packer, counts[channel]);
    stream.packed_samples++;
}

static bool packet_is_full(void)
{
    return stream.packed_samples == SAMPLES_PER_PACKET(stream.fs_hz);
}

#else

static void finish_packet(void)
{
}

static void send_counts(const int16_t counts[CHANNEL_COUNT])
{
    uint8_t frame[SIX_LEAD_FRAME_BYTES];
    six_lead_encode(frame, counts[0], counts[1]);
    if (outbox_has_room(SIX_LEAD_FRAME_BYTES))
        outbox_send(frame, SIX_LEAD_FRAME_BYTES);
}

static bool packet_is_full(void)
{
    return false;
}

#endif

void stream_take(const sample_t *sample)
{
    int16_t counts[CHANNEL_COUNT];
    for (uint8_t channel = 0; channel < CHANNEL_COUNT; channel++)
        counts[channel] = count_of(sample, channel);
    stream.filtered = true;
    if (stream.sending)
        send_counts(counts);
    stream.counter++;
    if (packet_is_full())
        finish_packet();
}

void stream_skip(uint32_t sample_count)
{
    if (sample_count == 0)
        return;
    if (!stream_is_between_packets())
        finish_packet();
    stream.counter += sample_count;
    stream.filtered = false;
}

bool stream_is_between_packets(void)
{
    return stream.packed_samples == 0;
}

bool stream_is_sending(void)
{
    return stream.sending;
}

bool stream_is_marked_test(void)
{
    return stream.test_signal;
}

uint32_t stream_counter(void)
{
    return stream.counter - stream.packed_samples;
}

uint16_t stream_saturated(void)
{
    return stream.saturated;
}

uint16_t stream_overruns(void)
{
    return stream.overruns;
}
