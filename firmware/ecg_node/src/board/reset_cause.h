/* Why this run began. */
#ifndef ECG_NODE_RESET_CAUSE_H
#define ECG_NODE_RESET_CAUSE_H

/* Before a restart that the program itself wants: the next run reports it as such. */
void reset_cause_announce_restart(void);

#endif
