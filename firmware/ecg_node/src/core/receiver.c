#include "receiver.h"

#include <string.h>

#include "samples.h"

static bool may_have(uint8_t version, uint8_t type, uint8_t body_bytes)
{
    if (version != PACKET_VERSION)
        return body_bytes <= PACKET_MAX_BODY_BYTES;
    if (type & PACKET_SAMPLES)
        return samples_in_body(body_bytes, type) > 0;
    switch (type) {
    case PACKET_HELLO:
        return body_bytes >= HELLO_MIN_BODY_BYTES && body_bytes <= HELLO_MAX_BODY_BYTES;
    case PACKET_STATUS:
        return body_bytes == STATUS_BODY_BYTES;
    case PACKET_REPLY:
        return body_bytes == REPLY_BODY_BYTES;
    case PACKET_COMMAND:
        return body_bytes == COMMAND_BODY_BYTES;
    default:
        return body_bytes <= PACKET_MAX_BODY_BYTES;
    }
}

static bool may_begin(uint8_t version, uint8_t type)
{
    uint8_t lead_count = type & 0x07;
    if (version != PACKET_VERSION)
        return version > PACKET_VERSION && type == PACKET_HELLO;
    if (type & PACKET_SAMPLES)
        return lead_count >= 1 && lead_count <= SAMPLES_MAX_LEADS;
    return type > 0;
}

uint8_t receiver_any_packet(const uint8_t *held, uint8_t held_bytes)
{
    if (held_bytes < 2)
        return CANDIDATE_TOO_EARLY;
    uint8_t version = packet_version_of(held);
    uint8_t type = packet_type_of(held);
    if (!may_begin(version, type))
        return CANDIDATE_NONE;
    if (held_bytes < 3)
        return CANDIDATE_TOO_EARLY;
    uint8_t body_bytes = packet_body_bytes_of(held);
    bool allowed = may_have(version, type, body_bytes);
    return allowed ? (uint8_t)(PACKET_OVERHEAD_BYTES + body_bytes) : CANDIDATE_NONE;
}

uint8_t receiver_commands_only(const uint8_t *held, uint8_t held_bytes)
{
    bool wrong_type = held_bytes >= 2 && held[1] != (PACKET_VERSION << 6 | PACKET_COMMAND);
    bool wrong_length = held_bytes >= 3 && packet_body_bytes_of(held) != COMMAND_BODY_BYTES;
    return wrong_type || wrong_length ? CANDIDATE_NONE : COMMAND_PACKET_BYTES;
}

void receiver_put(receiver_t *receiver, uint8_t byte)
{
    receiver->held[receiver->held_bytes++] = byte;
}

void receiver_drop(receiver_t *receiver, uint8_t drop_bytes)
{
    receiver->held_bytes = (uint8_t)(receiver->held_bytes - drop_bytes);
    memmove(receiver->held, receiver->held + drop_bytes, receiver->held_bytes);
}

static void drop_to_sync(receiver_t *receiver)
{
    uint8_t passed_bytes = 0;
    while (passed_bytes < receiver->held_bytes && receiver->held[passed_bytes] != PACKET_SYNC)
        passed_bytes++;
    receiver_drop(receiver, passed_bytes);
}

uint8_t receiver_find(receiver_t *receiver, bool ended)
{
    for (;;) {
        drop_to_sync(receiver);
        if (receiver->held_bytes == 0)
            return 0;
        uint8_t packet_bytes = receiver->candidate_size(receiver->held, receiver->held_bytes);
        bool candidate = packet_bytes != CANDIDATE_NONE;
        bool unfinished = candidate && packet_bytes > receiver->held_bytes;
        if (unfinished && !ended)
            return 0;
        if (candidate && !unfinished && packet_crc_holds(receiver->held, packet_bytes))
            return packet_bytes;
        receiver_drop(receiver, 1);
    }
}
