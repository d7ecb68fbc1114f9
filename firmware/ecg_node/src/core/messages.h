/* Hello, status, command and reply (docs/protocol.md).
 *
 * encode_* write a whole packet and return its bytes. decode_* take a packet whose CRC is right and
 * return whether its content is within the limits of the page.
 */
#ifndef ECG_NODE_MESSAGES_H
#define ECG_NODE_MESSAGES_H

#include "packet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NOT_REPORTED_U16 0xFFFFu
#define NOT_REPORTED_U32 0xFFFFFFFFu
#define UNKNOWN_U32 0xFFFFFFFFu
#define TEXT_MAX_BYTES 24

enum reset_cause {
    RESET_NOT_REPORTED = 0,
    RESET_POWER_ON = 1,
    RESET_EXTERNAL = 2,
    RESET_BROWN_OUT = 3,
    RESET_WATCHDOG = 4,
    RESET_SOFTWARE = 5,
    RESET_UNKNOWN = 15,
};

enum status_state { STATE_SENDING = 0x10, STATE_TEST_SIGNAL = 0x20 };

enum hello_flag { HELLO_NOTCH_ON = 0x01 };

enum lead_code { LEAD_I, LEAD_II, LEAD_III, LEAD_AVL, LEAD_AVF, LEAD_AVR, LEAD_V1, LEAD_V6 = 11 };

enum command_code {
    COMMAND_HELLO = 1,
    COMMAND_START = 2,
    COMMAND_STOP = 3,
    COMMAND_SET_FS = 4,
    COMMAND_SELF_TEST = 5,
    COMMAND_IDENTIFY = 6,
};

enum answer {
    ANSWER_OK = 0,
    ANSWER_UNKNOWN_COMMAND = 1,
    ANSWER_BAD_ARGUMENT = 2,
    ANSWER_BUSY = 3,
    ANSWER_NOT_SUPPORTED = 4,
    ANSWER_FAILED = 5,
};

enum self_test_point {
    SELF_TEST_OFF = 0,
    SELF_TEST_BEFORE_AMPLIFIER = 1,
    SELF_TEST_BEHIND_AMPLIFIER = 2,
};

typedef struct {
    uint32_t counter;
    uint16_t boot;
    uint16_t battery_mv;
    uint8_t electrodes; /* low half: off; high half: the hardware can tell */
    uint8_t state;      /* low half: enum reset_cause; high half: enum status_state */
    uint16_t saturated;
    uint16_t overruns;
    uint32_t uptime_s;
} status_t;

typedef struct {
    uint8_t minor;
    uint16_t boot;
    uint8_t flags;
    uint32_t fs_mhz;
    uint8_t adc_bits;
    uint32_t scale; /* thousandths of a count per mV */
    int16_t baseline;
    uint32_t highpass_mhz;
    uint32_t lowpass_mhz;
    uint32_t range_uv;
    uint8_t lead_count;
    uint8_t leads[SAMPLES_MAX_LEADS];
    char device_id[TEXT_MAX_BYTES + 1];
    char firmware[TEXT_MAX_BYTES + 1];
} hello_t;

typedef struct {
    uint8_t sequence;
    uint8_t code;
    uint32_t argument;
} command_t;

typedef struct {
    uint8_t command_sequence;
    uint8_t code;
    uint8_t answer;
    uint32_t value;
} reply_t;

uint8_t encode_status(uint8_t *packet, uint8_t sequence, const status_t *status);
uint8_t encode_hello(uint8_t *packet, uint8_t sequence, const hello_t *hello);
uint8_t encode_command(uint8_t *packet, const command_t *command);
uint8_t encode_reply(uint8_t *packet, uint8_t sequence, const reply_t *reply);

bool decode_status(const uint8_t *packet, status_t *status);
bool decode_hello(const uint8_t *packet, hello_t *hello);
bool decode_command(const uint8_t *packet, command_t *command);
bool decode_reply(const uint8_t *packet, reply_t *reply);

/* ANSWER_OK, or why any device has to refuse the command. */
uint8_t judge_command(const command_t *command);

#ifdef __cplusplus
}
#endif

#endif
