#include "ad8232.h"

#if FRONT_END == FRONT_END_AD8232

#define SUM_AT_0_MV (AD8232_CONVERSIONS * 512L)
#define LOWEST_SUM (AD8232_SWING_MARGIN_MV * AD8232_CONVERSIONS * 1024L / AREF_MV)
#define HIGHEST_SUM (2 * SUM_AT_0_MV - LOWEST_SUM)
#define RANGE_UV ((AREF_MV / 2L - AD8232_SWING_MARGIN_MV) * 1000L / AD8232_GAIN)

/* 4096 counts are AREF_MV behind the amplifier. */
#define SCALE ((uint32_t)((uint64_t)AD8232_GAIN * 4096u * 1000u / AREF_MV))
#define LEVEL_OF_1_MV ((int16_t)(AD8232_GAIN * 4096L * 4 / AREF_MV))

/* The mean of sixteen conversions in 4 ms is a low-pass of its own, -3 dB at 0.443 / 4 ms. */
#define MEAN_LOWPASS_MHZ 110750u

int16_t ad8232_level(uint16_t sum)
{
    return (int16_t)((int32_t)sum - SUM_AT_0_MV);
}

bool ad8232_is_saturated(uint16_t sum)
{
    return sum <= LOWEST_SUM || sum >= HIGHEST_SUM;
}

uint8_t ad8232_electrodes_off(bool lead_i_plus, bool lead_i_minus, bool lead_ii_plus,
                              bool lead_ii_minus)
{
    uint8_t off = lead_i_minus || lead_ii_minus ? ELECTRODE_RA : 0;
    off |= lead_i_plus ? ELECTRODE_LA : 0;
    off |= lead_ii_plus ? ELECTRODE_LL : 0;
    return off;
}

int16_t ad8232_test_level(uint16_t sample_index, uint16_t fs_hz)
{
    return sample_index % fs_hz < fs_hz / 2 ? 0 : LEVEL_OF_1_MV;
}

void ad8232_describe(hello_t *hello)
{
    hello->adc_bits = 12;
    hello->scale = SCALE;
    hello->baseline = 0;
    hello->highpass_mhz = AD8232_HIGHPASS_MHZ;
    hello->lowpass_mhz =
        AD8232_LOWPASS_MHZ < MEAN_LOWPASS_MHZ ? AD8232_LOWPASS_MHZ : MEAN_LOWPASS_MHZ;
    hello->range_uv = RANGE_UV;
}

#else

typedef int another_front_end_is_chosen;

#endif
