/* An ADS1292R at the SPI: registers, commands, data ready, lead-off and test signal. */
#ifndef ADS1292R_H
#define ADS1292R_H

#include <stdio.h>

void ads1292r_start(void);
/* Its oscillator is off by so much from the AVR's; both have one of their own. */
void ads1292r_drift(double ppm);
/* Bits as in LOFF_STAT: 0 IN1P, 1 IN1N, 2 IN2P, 3 IN2N, 4 RLD; set: no electrode there. */
void ads1292r_loose(int bits);
/* What a spark does: all registers are as after power on. */
void ads1292r_upset(void);
void ads1292r_print_figures(FILE *out);
void ads1292r_forget_figures(void);

#endif
