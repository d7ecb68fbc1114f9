/* Settings of the node. docs/firmware.md explains each; a wrong combination does not compile.
 *
 * A value given to the compiler (-DBAUD_RATE=19200) goes before the one here.
 */
#ifndef ECG_NODE_CONFIG_H
#define ECG_NODE_CONFIG_H

#define FRONT_END_AD8232 1
#define FRONT_END_ADS1292R 2
#define FRAME_BLOCK 1
#define FRAME_SIX_LEAD 2
#define AD8232_AS_SOLD 1
#define AD8232_CHANGED 2

/* --- what everybody looks at ------------------------------------------------------------- */

/* The name that the gateway binds to a patient: 1 to 24 characters, different for each node. */
#ifndef DEVICE_ID
#define DEVICE_ID "ecg-node"
#endif

/* The amplifiers: FRONT_END_AD8232 (two boards) or FRONT_END_ADS1292R. */
#ifndef FRONT_END
#define FRONT_END FRONT_END_AD8232
#endif

/* Samples a second and lead: 125, 250, or 500 (ADS1292R). */
#ifndef SAMPLING_RATE
#define SAMPLING_RATE 250
#endif

/* Limb leads that the gateway gets: 6, from the two that are measured, I and II. */
#ifndef NUM_LEADS
#define NUM_LEADS 6
#endif

/* Bits of a count: 12, or 16 with an ADS1292R. */
#ifndef ADC_RESOLUTION
#define ADC_RESOLUTION 12
#endif

/* Of the serial line; HC-05 and HC-06 come with 9600. */
#ifndef BAUD_RATE
#define BAUD_RATE 9600
#endif

/* FRAME_BLOCK, or FRAME_SIX_LEAD for receivers that know nothing else (38400 baud or more). */
#ifndef FRAME_FORMAT
#define FRAME_FORMAT FRAME_BLOCK
#endif

/* 50 or 60: take the mains out in the node. 0: leave it to the gateway, which does it better. */
#ifndef MAINS_NOTCH_HZ
#define MAINS_NOTCH_HZ 0
#endif

/* --- the amplifiers: what is soldered, not what is wished ---------------------------------- */

/* AD8232_AS_SOLD, or AD8232_CHANGED for boards with the parts of docs/hardware.md. As sold, they
 * pass 0.5 to 40 Hz and end at 1.4 mV: good for the rhythm, and ST cannot be measured. */
#ifndef AD8232_BOARDS
#define AD8232_BOARDS AD8232_AS_SOLD
#endif

/* Other parts: gain of the whole board and its corners in mHz. */
#ifndef AD8232_GAIN
#define AD8232_GAIN (AD8232_BOARDS == AD8232_AS_SOLD ? 1100 : 300)
#endif
#ifndef AD8232_HIGHPASS_MHZ
#define AD8232_HIGHPASS_MHZ (AD8232_BOARDS == AD8232_AS_SOLD ? 500 : 30)
#endif
#ifndef AD8232_LOWPASS_MHZ
#define AD8232_LOWPASS_MHZ (AD8232_BOARDS == AD8232_AS_SOLD ? 40000 : 150000)
#endif

/* 1: the electrodes' offset is sent too (needs ADC_RESOLUTION 16). 0: it is taken out at 0.039 Hz,
 * slow enough for ST. */
#ifndef ADS1292R_DC_COUPLED
#define ADS1292R_DC_COUPLED 0
#endif

/* --- supply -------------------------------------------------------------------------------- */

/* Voltage on the pin AREF: the 3.3 V that feed the amplifiers. */
#ifndef AREF_MV
#define AREF_MV 3300
#endif

/* 0: no divider is built in, and the battery is "not reported". */
#ifndef BATTERY_SENSE
#define BATTERY_SENSE 1
#endif
/* From the battery to A2, and from A2 to ground. */
#ifndef BATTERY_TOP_KOHM
#define BATTERY_TOP_KOHM 100
#endif
#ifndef BATTERY_BOTTOM_KOHM
#define BATTERY_BOTTOM_KOHM 100
#endif

#endif
