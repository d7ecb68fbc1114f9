#include "commands.h"

#include "byte_ring.h"
#include "front_end.h"
#include "notch.h"
#include "outbox.h"
#include "receiver.h"
#include "stream.h"

#define REPLIES_WAITING 4
#define GIVE_UP_MS 100u /* after this silence a begun command is none */
#define MHZ_PER_HZ 1000u

#ifdef ECG_KEY
#define HAS_KEY 1
#else
#define HAS_KEY 0
#endif

wishes_t wishes;

static reply_t replies[REPLIES_WAITING];
static uint8_t reply_count;
static uint8_t held[COMMAND_PACKET_BYTES];
static receiver_t receiver = {held, 0, receiver_commands_only};
static uint32_t last_byte_ms;

void commands_begin(uint16_t fs_hz)
{
    wishes = (wishes_t){.hello = true, .fs_hz = fs_hz};
    reply_count = 0;
    receiver.held_bytes = 0;
}

static bool rate_is_possible(uint32_t fs_hz)
{
    bool known = fs_hz == 125 || fs_hz == 250 || fs_hz == 500;
    bool notched = MAINS_NOTCH_HZ == 0 || (known && notch_exists(MAINS_NOTCH_HZ, (uint16_t)fs_hz));
    return known && notched && fs_hz <= FASTEST_RATE_HZ;
}

static uint8_t obey_set_fs(uint32_t fs_mhz, uint32_t *value)
{
    bool possible = fs_mhz % MHZ_PER_HZ == 0 && rate_is_possible(fs_mhz / MHZ_PER_HZ);
    if (possible) {
        wishes.fs_hz = (uint16_t)(fs_mhz / MHZ_PER_HZ);
        wishes.hello = true;
    }
    *value = wishes.fs_hz * (uint32_t)MHZ_PER_HZ;
    return possible ? ANSWER_OK : ANSWER_NOT_SUPPORTED;
}

static uint8_t obey_self_test(bool on, uint32_t *value)
{
    if (!front_end_works())
        return ANSWER_FAILED;
    wishes.self_test = on;
    *value = on ? FRONT_END_SELF_TEST_POINT : SELF_TEST_OFF;
    return ANSWER_OK;
}

static uint8_t obey(const command_t *command, uint32_t *value)
{
    switch (command->code) {
    case COMMAND_HELLO:
        wishes.hello = true;
        *value = HAS_KEY;
        break;
    case COMMAND_START:
    case COMMAND_STOP:
        stream_send(command->code == COMMAND_START);
        break;
    case COMMAND_SET_FS:
        return obey_set_fs(command->argument, value);
    case COMMAND_SELF_TEST:
        return obey_self_test(command->argument == 1, value);
    case COMMAND_IDENTIFY:
        wishes.identify = true;
        wishes.identify_ms = (uint16_t)(command->argument * 1000u);
        break;
    }
    return ANSWER_OK;
}

static void answer(const command_t *command)
{
    reply_t *reply = &replies[reply_count++];
    reply->command_sequence = command->sequence;
    reply->code = command->code;
    reply->value = 0;
    reply->answer = judge_command(command);
    if (reply->answer == ANSWER_OK)
        reply->answer = obey(command, &reply->value);
}

static void take_byte(uint8_t byte)
{
    command_t command;
    receiver_put(&receiver, byte);
    if (receiver_find(&receiver, false) == 0)
        return;
    if (decode_command(held, &command))
        answer(&command);
    receiver_drop(&receiver, COMMAND_PACKET_BYTES);
}

void commands_poll(uint32_t now_ms)
{
    uint8_t byte;
    /* While every place for a reply is taken, bytes wait in the ring: no command goes unanswered
     * that was received whole. */
    while (reply_count < REPLIES_WAITING && receive_take(&byte)) {
        last_byte_ms = now_ms;
        take_byte(byte);
    }
    if (now_ms - last_byte_ms >= GIVE_UP_MS)
        receiver_find(&receiver, true);
}

bool commands_have_reply(void)
{
    return reply_count > 0;
}

void commands_send_reply(void)
{
    uint8_t packet[PACKET_OVERHEAD_BYTES + REPLY_BODY_BYTES];
    outbox_send(packet, encode_reply(packet, outbox_next_sequence(), &replies[0]));
    reply_count--;
    for (uint8_t index = 0; index < reply_count; index++)
        replies[index] = replies[index + 1];
}
