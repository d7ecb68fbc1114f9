/* The node: samples out, commands in, a status each second. The board calls it; it never waits. */
#ifndef ECG_NODE_NODE_H
#define ECG_NODE_NODE_H

#include "front_end.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Begin a run: `boot` is its number, `reset_cause` how it came about (enum reset_cause). */
void node_begin(uint16_t boot, uint8_t reset_cause);

/* Do what is due; called each time the program wakes up, with a clock that may turn over. */
void node_poll(uint32_t now_ms);

/* What the board gives. */
void board_led(bool on);
void board_restart(void);

#ifdef __cplusplus
}
#endif

#endif
