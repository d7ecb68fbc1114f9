#include "messages.h"

#include <string.h>

#define HELLO_FIXED_BYTES 28 /* of the body, lead_count included */
#define FASTEST_MHZ 1000000u
#define SLOWEST_MHZ 50000u

uint8_t encode_status(uint8_t *packet, uint8_t sequence, const status_t *status)
{
    uint8_t *at = packet + PACKET_HEADER_BYTES;
    at = put_u32(at, status->counter);
    at = put_u16(at, status->boot);
    at = put_u16(at, status->battery_mv);
    at = put_u8(at, status->electrodes);
    at = put_u8(at, status->state);
    at = put_u16(at, status->saturated);
    at = put_u16(at, status->overruns);
    put_u32(at, status->uptime_s);
    return packet_seal(packet, PACKET_STATUS, sequence, STATUS_BODY_BYTES);
}

bool decode_status(const uint8_t *packet, status_t *status)
{
    const uint8_t *body = packet + PACKET_HEADER_BYTES;
    if (packet_body_bytes_of(packet) != STATUS_BODY_BYTES)
        return false;
    status->counter = read_u32(body);
    status->boot = read_u16(body + 4);
    status->battery_mv = read_u16(body + 6);
    status->electrodes = body[8];
    status->state = body[9];
    status->saturated = read_u16(body + 10);
    status->overruns = read_u16(body + 12);
    status->uptime_s = read_u32(body + 14);
    return true;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
    uint8_t size_bytes = (uint8_t)strlen(text);
    at = put_u8(at, size_bytes);
    memcpy(at, text, size_bytes);
    return at + size_bytes;
}

uint8_t encode_hello(uint8_t *packet, uint8_t sequence, const hello_t *hello)
{
    uint8_t *at = packet + PACKET_HEADER_BYTES;
    at = put_u8(at, hello->minor);
    at = put_u16(at, hello->boot);
    at = put_u8(at, hello->flags);
    at = put_u32(at, hello->fs_mhz);
    at = put_u8(at, hello->adc_bits);
    at = put_u32(at, hello->scale);
    at = put_u16(at, (uint16_t)hello->baseline);
    at = put_u32(at, hello->highpass_mhz);
    at = put_u32(at, hello->lowpass_mhz);
    at = put_u32(at, hello->range_uv);
    at = put_u8(at, hello->lead_count);
    memcpy(at, hello->leads, hello->lead_count);
    at = put_text(at + hello->lead_count, hello->device_id);
    at = put_text(at, hello->firmware);
    uint8_t body_bytes = (uint8_t)(at - (packet + PACKET_HEADER_BYTES));
    return packet_seal(packet, PACKET_HELLO, sequence, body_bytes);
}

static bool leads_are_valid(const uint8_t *leads, uint8_t lead_count)
{
    uint16_t seen = 0;
    for (uint8_t at = 0; at < lead_count; at++) {
        if (leads[at] > LEAD_V6 || (seen & 1u << leads[at]))
            return false;
        seen |= (uint16_t)(1u << leads[at]);
    }
    return true;
}

/* Return where the text ends, or NULL where it does not fit or is not printable. */
static const uint8_t *take_text(const uint8_t *at, const uint8_t *end, char *text)
{
    uint8_t size_bytes = at < end ? *at : TEXT_MAX_BYTES + 1;
    if (size_bytes > TEXT_MAX_BYTES || end - at < 1 + size_bytes)
        return NULL;
    for (uint8_t index = 0; index < size_bytes; index++) {
        if (at[1 + index] < 0x20 || at[1 + index] > 0x7E)
            return NULL;
    }
    memcpy(text, at + 1, size_bytes);
    text[size_bytes] = '\0';
    return at + 1 + size_bytes;
}

static bool hello_numbers_are_valid(const hello_t *hello)
{
    return hello->fs_mhz >= SLOWEST_MHZ && hello->fs_mhz <= FASTEST_MHZ && hello->adc_bits >= 8 &&
           hello->adc_bits <= 32 && hello->scale >= 1 && hello->lead_count >= 1 &&
           hello->lead_count <= SAMPLES_MAX_LEADS;
}

bool decode_hello(const uint8_t *packet, hello_t *hello)
{
    const uint8_t *body = packet + PACKET_HEADER_BYTES;
    const uint8_t *end = body + packet_body_bytes_of(packet);
    if (end - body < HELLO_MIN_BODY_BYTES || end - body > HELLO_MAX_BODY_BYTES)
        return false;
    hello->minor = body[0];
    hello->boot = read_u16(body + 1);
    hello->flags = body[3];
    hello->fs_mhz = read_u32(body + 4);
    hello->adc_bits = body[8];
    hello->scale = read_u32(body + 9);
    hello->baseline = (int16_t)read_u16(body + 13);
    hello->highpass_mhz = read_u32(body + 15);
    hello->lowpass_mhz = read_u32(body + 19);
    hello->range_uv = read_u32(body + 23);
    hello->lead_count = body[27];
    if (!hello_numbers_are_valid(hello) ||
        !leads_are_valid(body + HELLO_FIXED_BYTES, hello->lead_count))
        return false;
    memcpy(hello->leads, body + HELLO_FIXED_BYTES, hello->lead_count);
    const uint8_t *at = body + HELLO_FIXED_BYTES + hello->lead_count;
    at = take_text(at, end, hello->device_id);
    at = at ? take_text(at, end, hello->firmware) : NULL;
    return at == end && hello->device_id[0] != '\0';
}

uint8_t encode_command(uint8_t *packet, const command_t *command)
{
    uint8_t *at = put_u8(packet + PACKET_HEADER_BYTES, command->code);
    put_u32(at, command->argument);
    return packet_seal(packet, PACKET_COMMAND, command->sequence, COMMAND_BODY_BYTES);
}

bool decode_command(const uint8_t *packet, command_t *command)
{
    const uint8_t *body = packet + PACKET_HEADER_BYTES;
    if (packet_body_bytes_of(packet) != COMMAND_BODY_BYTES)
        return false;
    command->sequence = packet_sequence_of(packet);
    command->code = body[0];
    command->argument = read_u32(body + 1);
    return true;
}

uint8_t encode_reply(uint8_t *packet, uint8_t sequence, const reply_t *reply)
{
    uint8_t *at = packet + PACKET_HEADER_BYTES;
    at = put_u8(at, reply->command_sequence);
    at = put_u8(at, reply->code);
    at = put_u8(at, reply->answer);
    put_u32(at, reply->value);
    return packet_seal(packet, PACKET_REPLY, sequence, REPLY_BODY_BYTES);
}

bool decode_reply(const uint8_t *packet, reply_t *reply)
{
    const uint8_t *body = packet + PACKET_HEADER_BYTES;
    if (packet_body_bytes_of(packet) != REPLY_BODY_BYTES)
        return false;
    reply->command_sequence = body[0];
    reply->code = body[1];
    reply->answer = body[2] > ANSWER_FAILED ? (uint8_t)ANSWER_FAILED : body[2];
    reply->value = read_u32(body + 3);
    return true;
}

uint8_t judge_command(const command_t *command)
{
    uint32_t lowest = 0;
    uint32_t highest = 0;
    switch (command->code) {
    case COMMAND_HELLO:
    case COMMAND_START:
    case COMMAND_STOP:
        break;
    case COMMAND_SET_FS:
        lowest = SLOWEST_MHZ;
        highest = FASTEST_MHZ;
        break;
    case COMMAND_SELF_TEST:
        highest = 1;
        break;
    case COMMAND_IDENTIFY:
        highest = 60;
        break;
    default:
        return ANSWER_UNKNOWN_COMMAND;
    }
    bool allowed = command->argument >= lowest && command->argument <= highest;
    return allowed ? ANSWER_OK : ANSWER_BAD_ARGUMENT;
}
