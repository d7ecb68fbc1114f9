/* The device's UART at the line's true speed, and the pseudo-terminal that stands for its radio. */
#ifndef SERIAL_H
#define SERIAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void serial_start(void);
/* Bytes of the host, which arrive one after the other at the line's rate. */
int serial_send(const uint8_t *bytes, size_t size);
uint64_t serial_sent_count(void);

/* Returns the name of the other end, or NULL. What was not read when it closes is lost. */
const char *serial_plug(void);
void serial_unplug(void);
void serial_exchange(void);

void serial_print_figures(FILE *out);
void serial_forget_figures(void);

#endif
