/* Commands of the host and the replies that wait for room. */
#ifndef ECG_NODE_COMMANDS_H
#define ECG_NODE_COMMANDS_H

#include "messages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was asked for and has its moment later: between two packets of samples. */
typedef struct {
    bool hello;
    uint16_t fs_hz;
    bool self_test;
    bool identify;
    uint16_t identify_ms; /* for so long */
} wishes_t;

void commands_begin(uint16_t fs_hz);

/* Read what has come; commands change `wishes` at once and get their reply. */
void commands_poll(uint32_t now_ms);

bool commands_have_reply(void);
void commands_send_reply(void);

extern wishes_t wishes;

#ifdef __cplusplus
}
#endif

#endif
