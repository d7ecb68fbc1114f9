#include "ads1292r.h"

#if FRONT_END == FRONT_END_ADS1292R

#define GAIN 6
#define REFERENCE_UV 2420000u /* internal */
#define FULL_SCALE 8388607    /* at REFERENCE_UV / GAIN */

/* One unit of `sum` and of 16-bit counts is 16 of the converter: 0.77 uV. */
#define UNIT_SHIFT 4
#define UNITS_PER_MV_THOUSANDTHS \
    ((uint64_t)GAIN * FULL_SCALE * 1000u * 1000u / REFERENCE_UV / (1u << UNIT_SHIFT))

#define DC_COUPLED_SHIFT 4 /* from units to counts that hold the whole input range */

#define SETTLING_SAMPLES 4       /* of the sinc3 filter, rounded up */
#define OVERLOAD_SHARE_OF_FS 5   /* 200 ms out of range: longer than any QRS */
#define LOWPASS_SHARE_OF_FS 262u /* thousandths: -3 dB of the sinc3 filter */

void ads1292r_registers(uint8_t registers[ADS1292R_REGISTERS], uint16_t fs_hz, bool test_signal)
{
    uint8_t rate = fs_hz == 125 ? 0x00 : fs_hz == 250 ? 0x01 : 0x02;
    uint8_t input = test_signal ? 0x05 : 0x00;      /* gain 6 in the high nibble is 0 */
    registers[0] = rate;                            /* CONFIG1: continuous conversion */
    registers[1] = test_signal ? 0xE3 : 0xE0;       /* CONFIG2: lead-off comparators, reference;
                                                       the test signal, 1 mV, 1 Hz */
    registers[2] = 0x10;                            /* LOFF: 6 nA DC, off beyond 95 % */
    registers[3] = input;                           /* CH1SET */
    registers[4] = input;                           /* CH2SET */
    registers[5] = 0x27;                            /* RLD_SENS: RL driven by LA, RA and LL */
    registers[6] = 0x0F;                            /* LOFF_SENS: all four inputs */
    registers[7] = 0x00;                            /* LOFF_STAT */
    registers[8] = 0x02;                            /* RESP1: no respiration */
    registers[9] = 0x07;                            /* RESP2: RLD reference from inside */
    registers[10] = 0x00;                           /* GPIO: outputs, low */
}

static void restart_offsets(ads1292r_t *converter)
{
    for (uint8_t channel = 0; channel < CHANNEL_COUNT; channel++) {
        converter->offset[channel].settled = false;
        converter->offset[channel].overloaded_samples = 0;
    }
}

void ads1292r_begin(ads1292r_t *converter, uint16_t fs_hz)
{
    converter->fs_hz = fs_hz;
    converter->unsettled_samples = SETTLING_SAMPLES;
    restart_offsets(converter);
}

static int32_t read_i24(const uint8_t *at)
{
    uint32_t bits = (uint32_t)at[0] << 16 | (uint16_t)(at[1] << 8) | at[2];
    return bits & 0x800000u ? (int32_t)bits - 0x1000000 : (int32_t)bits;
}

/* LOFF_STAT of the frame: RLD, IN2N, IN2P, IN1N in the low nibble of its first byte, IN1P next. */
static uint8_t electrodes_off(const uint8_t *frame)
{
    uint8_t off = frame[0] & 0x05 ? ELECTRODE_RA : 0;
    off |= frame[1] & 0x80 ? ELECTRODE_LA : 0;
    off |= frame[0] & 0x02 ? ELECTRODE_LL : 0;
    return off;
}

static int32_t divide_down(int32_t value, uint8_t shift)
{
    /* A right shift of a negative number rounds down with every compiler this is built with; the
     * tests of the core would fail with another. */
    return value >> shift;
}

#if !ADS1292R_DC_COUPLED

/* Time constant of 1024 samples at 250 Hz at every rate: 4.1 s, -3 dB at 0.039 Hz. Of an impulse of
 * 3 mV and 100 ms (IEC 60601-2-27) an undershoot of 0.07 mV is left; 0.1 mV are allowed. */
static uint8_t offset_shift(uint16_t fs_hz)
{
    return fs_hz == 125 ? 9 : fs_hz == 250 ? 10 : 11;
}

static int32_t without_offset(offset_t *offset, int32_t units, uint8_t shift)
{
    if (!offset->settled) {
        offset->sum = units * (1L << shift);
        offset->settled = true;
    }
    int32_t level = units - divide_down(offset->sum, shift);
    offset->sum += level;
    return level;
}

/* After a shock the offset is elsewhere; waiting for the filter would take half a minute. */
static void recover(offset_t *offset, bool overloaded, uint16_t fs_hz)
{
    offset->overloaded_samples = overloaded ? (uint8_t)(offset->overloaded_samples + 1) : 0;
    if (offset->overloaded_samples >= fs_hz / OVERLOAD_SHARE_OF_FS) {
        offset->overloaded_samples = 0;
        offset->settled = false;
    }
}

#endif

static bool at_rail(int32_t value)
{
    return value >= FULL_SCALE || value <= -FULL_SCALE;
}

static bool read_channel(ads1292r_t *converter, uint8_t channel, int32_t value, int16_t *level)
{
    int32_t units = divide_down(value, UNIT_SHIFT);
#if ADS1292R_DC_COUPLED
    (void)converter;
    (void)channel;
    *level = (int16_t)divide_down(units, DC_COUPLED_SHIFT);
    return at_rail(value);
#else
    const int32_t limit = ADC_RESOLUTION == 12 ? 2047L << LEVEL_FRACTION_BITS : INT16_MAX;
    offset_t *offset = &converter->offset[channel];
    int32_t bare = without_offset(offset, units, offset_shift(converter->fs_hz));
    bool beyond = bare >= limit || bare <= -limit;
    recover(offset, beyond, converter->fs_hz);
    *level = (int16_t)(bare > INT16_MAX ? INT16_MAX : bare < INT16_MIN ? INT16_MIN : bare);
    return beyond || at_rail(value);
#endif
}

bool ads1292r_read(ads1292r_t *converter, const uint8_t frame[ADS1292R_FRAME_BYTES],
                   sample_t *sample)
{
    if ((frame[0] & 0xF0) != 0xC0)
        return false;
    if (converter->unsettled_samples > 0) {
        converter->unsettled_samples--;
        restart_offsets(converter);
    }
    sample->electrodes_off = electrodes_off(frame);
    sample->saturated = 0;
    for (uint8_t channel = 0; channel < CHANNEL_COUNT; channel++) {
        int32_t value = read_i24(frame + 3 + 3 * channel);
        if (read_channel(converter, channel, value, &sample->level[channel]))
            sample->saturated |= (uint8_t)(1u << channel);
    }
    return true;
}

static inline uint64_t rounded_shift(uint64_t value, uint8_t shift)
{
    return (value + (1u << shift) / 2) >> shift;
}

void ads1292r_describe(hello_t *hello, uint16_t fs_hz)
{
    hello->adc_bits = ADC_RESOLUTION;
    hello->baseline = 0;
    hello->lowpass_mhz = fs_hz * LOWPASS_SHARE_OF_FS;
#if ADS1292R_DC_COUPLED
    hello->highpass_mhz = 0;
    hello->scale = (uint32_t)rounded_shift(UNITS_PER_MV_THOUSANDTHS, DC_COUPLED_SHIFT);
    hello->range_uv = REFERENCE_UV / GAIN;
#else
    hello->highpass_mhz = 39;
    hello->scale = (uint32_t)rounded_shift(UNITS_PER_MV_THOUSANDTHS, LEVEL_FRACTION_BITS);
    hello->range_uv = (uint32_t)(1000000u * (ADC_RESOLUTION == 12 ? 2047ull : 32767ull) /
                                 (UNITS_PER_MV_THOUSANDTHS >> LEVEL_FRACTION_BITS));
#endif
}

#else

typedef int another_front_end_is_chosen;

#endif
