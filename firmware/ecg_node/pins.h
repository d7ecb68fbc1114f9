/* Every wire of the node, and nothing else: docs/hardware.md draws what stands here.
 *
 * Numbers are the ones printed on an Arduino Uno or Nano; the port bits beside them are what the
 * ATmega328P calls the same pin. A pin is changed in both columns.
 */
#ifndef ECG_NODE_PINS_H
#define ECG_NODE_PINS_H

/* Both front ends.
 *
 *   D0 (PD0, RXD)  <- HC-05 TXD
 *   D1 (PD1, TXD)  -> HC-05 RXD, through a divider: the module takes 3.3 V
 *   A2 (PC2, ADC2) <- middle of the battery divider
 *   AREF           <- 3.3 V, the amplifiers' own supply: full scale follows it
 */
#define BATTERY_ADC_CHANNEL 2 /* A2 */

/* Two AD8232. Board 1 measures lead I (+ on LA, - on RA), board 2 lead II (+ on LL, - on RA). */
#define LEAD_I_ADC_CHANNEL 0       /* A0 <- board 1 OUTPUT */
#define LEAD_II_ADC_CHANNEL 1      /* A1 <- board 2 OUTPUT */
#define LEAD_II_LO_PLUS_PORTB_BIT 0  /* D8  <- board 2 LO+ : high while LL is off */
#define LEAD_II_LO_MINUS_PORTB_BIT 1 /* D9  <- board 2 LO- : high while RA is off */
#define LEAD_I_LO_PLUS_PORTB_BIT 2   /* D10 <- board 1 LO+ : high while LA is off */
#define LEAD_I_LO_MINUS_PORTB_BIT 3  /* D11 <- board 1 LO- : high while RA is off */

/* ADS1292R. Channel 1 measures lead I (IN1P on LA, IN1N on RA), channel 2 lead II (IN2P on LL,
 * IN2N on RA), RLDOUT drives RL. SCK, MISO and MOSI are where the SPI unit has them. */
#define ADS1292R_DRDY_PORTD_BIT 2  /* D2 (INT0) <- DRDY: low when a sample is ready */
#define ADS1292R_RESET_PORTD_BIT 4 /* D4  -> PWDN/RESET: low resets */
#define ADS1292R_START_PORTD_BIT 5 /* D5  -> START: high while it converts */
#define ADS1292R_CS_PORTB_BIT 2    /* D10 (SS)   -> CS */
#define SPI_MOSI_PORTB_BIT 3       /* D11 (MOSI) -> DIN */
#define SPI_MISO_PORTB_BIT 4       /* D12 (MISO) <- DOUT */
#define SPI_SCK_PORTB_BIT 5        /* D13 (SCK)  -> SCLK */

/* The LED of `ecgctl device identify`: the board's own beside AD8232; D13 is the SPI clock beside
 * an ADS1292R, so there it is an LED with 1 kOhm from D7 to ground. */
#define IDENTIFY_LED_AD8232_PORTB_BIT 5   /* D13, on the board */
#define IDENTIFY_LED_ADS1292R_PORTD_BIT 7 /* D7 */

#endif
