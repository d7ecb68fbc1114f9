/* Any bytes from the host, any samples, any line: the node answers what it must and nothing else.
 *
 * With clang's libFuzzer (-fsanitize=fuzzer) the input comes from there; else
 *
 *     fuzz_node RUNS SEED
 *
 * makes its own, half of it of commands that are right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/byte_ring.h"
#include "core/messages.h"
#include "core/node.h"
#include "core/receiver.h"
#include "core/samples.h"
#include "fake_board.h"

static uint8_t held[PACKET_MAX_BYTES];
static receiver_t gateway = {held, 0, receiver_any_packet};
static uint32_t now_ms, sent_bytes, accepted_bytes, replies, received_bytes;
static uint32_t last_hello_ms;
static bool has_greeted, line_changed;
static uint8_t expected_sequence;

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_packet(void)
{
    status_t status;
    hello_t hello;
    reply_t reply;
    uint8_t type = packet_type_of(held);
    if (type == PACKET_STATUS) {
        require(decode_status(held, &status), "a status that cannot be read");
    } else if (type == PACKET_HELLO) {
        require(decode_hello(held, &hello), "a hello that cannot be read");
        /* A line that stood in between delivers late, and then two at once. */
        require(!has_greeted || line_changed || now_ms - last_hello_ms >= 1500,
                "a second hello too early");
        has_greeted = true;
        last_hello_ms = now_ms;
    } else if (type == PACKET_REPLY) {
        require(decode_reply(held, &reply), "a reply that cannot be read");
        replies++;
    } else {
        require(type & PACKET_SAMPLES && samples_are_valid(held), "an unknown packet");
    }
}

/* A dropped packet of samples skips a number; nothing else may. */
static void hear(uint8_t byte)
{
    uint8_t packet_bytes;
    sent_bytes++;
    receiver_put(&gateway, byte);
    while ((packet_bytes = receiver_find(&gateway, false)) > 0) {
        require(packet_sequence_of(held) - expected_sequence < 128, "a sequence number twice");
        expected_sequence = (uint8_t)(packet_sequence_of(held) + 1);
        check_packet();
        accepted_bytes += packet_bytes;
        receiver_drop(&gateway, packet_bytes);
    }
}

static void begin(uint16_t boot)
{
    fake_board_begin(BAUD_RATE / 10);
    now_ms = sent_bytes = accepted_bytes = replies = received_bytes = 0;
    gateway.held_bytes = 0;
    has_greeted = line_changed = false;
    expected_sequence = (uint8_t)(boot * PACKET_SEQUENCE_STRIDE);
    node_begin(boot, RESET_POWER_ON);
}

static void step(const sample_t *sample)
{
    now_ms += 4;
    if (sample)
        fake_sample(sample);
    node_poll(now_ms);
    fake_line_run(4, hear);
}

/* Each pair of bytes: what happens, and with what. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin(size > 0 ? data[0] : 0);
    for (size_t at = 1; at + 1 < size; at += 2) {
        uint8_t kind = data[at] >> 6, value = data[at + 1];
        sample_t sample = {{(int16_t)(value << 7), (int16_t)(data[at] << 8)}, value & 3, value >> 5, 0};
        received_bytes += kind == 0;
        if (kind == 0)
            receive_put(value);
        else if (kind == 1)
            step(&sample);
        else if (kind == 2)
            step(NULL);
        else if (data[at] & 1) {
            line_changed = true;
            fake_line_speed(value * 16u);
        } else
            fake_missed(value);
    }
    fake_line_speed(BAUD_RATE / 10);
    for (int rest = 0; rest < 1000; rest++)
        step(NULL);
    while (!transmit_is_empty())
        fake_line_run(4, hear);
    require(sent_bytes == accepted_bytes, "a byte that belongs to no packet");
    require(gateway.held_bytes == 0, "a packet cut short");
    require(replies <= received_bytes / COMMAND_PACKET_BYTES, "a reply that nobody asked for");
    return 0;
}

#ifndef WITH_LIBFUZZER

static uint32_t random_state;

static uint32_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    return random_state ^= random_state << 5;
}

static size_t put_pair(uint8_t *data, size_t at, uint8_t kind, uint8_t value)
{
    data[at] = (uint8_t)(kind << 6 | (random_number() & 0x3F));
    data[at + 1] = value;
    return at + 2;
}

static size_t put_command(uint8_t *data, size_t at)
{
    static const uint32_t ARGUMENTS[] = {0, 1, 60, 125000, 250000, 500000, 0xFFFFFFFF};
    uint8_t packet[COMMAND_PACKET_BYTES];
    command_t command = {(uint8_t)random_number(), (uint8_t)(random_number() % 8),
                         ARGUMENTS[random_number() % 7]};
    encode_command(packet, &command);
    if (random_number() % 8 == 0)
        packet[random_number() % COMMAND_PACKET_BYTES] ^= (uint8_t)(1u << random_number() % 8);
    for (int index = 0; index < COMMAND_PACKET_BYTES; index++)
        at = put_pair(data, at, 0, packet[index]);
    return at;
}

int main(int argc, char **argv)
{
    static uint8_t data[4096];
    long runs = argc > 1 ? atol(argv[1]) : 100;
    random_state = argc > 2 ? (uint32_t)atol(argv[2]) : 1;
    for (long run = 0; run < runs; run++) {
        size_t size = 1;
        data[0] = (uint8_t)random_number();
        while (size + 64 < sizeof data) {
            uint32_t choice = random_number() % 16;
            if (choice == 0)
                size = put_command(data, size);
            else
                size = put_pair(data, size, choice < 12 ? 1 : choice & 3, (uint8_t)random_number());
        }
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%ld runs\n", runs);
    return 0;
}

#endif
