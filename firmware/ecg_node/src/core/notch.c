#include "notch.h"

#include "platform.h"

#define UNITY 8192 /* coefficients have 13 bits behind the point */
#define UNITY_BITS 13
#define RATES 3

/* Zeros on the unit circle at the mains frequency, poles beside them: y = g (x - 2 cos w x1 + x2)
 * + 2 g cos w y1 - (2 g - 1) y2 with g = 1 / (1 + tan(pi 2 Hz / fs)). Each row: g, -2 g cos w. */
static const int16_t coefficients[2][RATES][2] FLASH_TABLE = {
    {{7800, 12620}, {7991, -4939}, {8090, -13090}}, /* 50 Hz at 125, 250, 500 Hz */
    {{0, 0}, {7991, -1004}, {8090, -11795}},        /* 60 Hz; none at 125 Hz */
};

static uint8_t rate_row(uint16_t fs_hz)
{
    return fs_hz == 125 ? 0 : fs_hz == 250 ? 1 : 2;
}

bool notch_exists(uint8_t mains_hz, uint16_t fs_hz)
{
    return mains_hz == 50 || (mains_hz == 60 && fs_hz != 125);
}

void notch_begin(notch_t *notch, int16_t level)
{
    notch->input[0] = notch->input[1] = level;
    notch->output[0] = notch->output[1] = level;
    notch->remainder[0] = notch->remainder[1] = 0;
}

static int16_t clip(int32_t level)
{
    return (int16_t)(level > INT16_MAX ? INT16_MAX : level < INT16_MIN ? INT16_MIN : level);
}

int16_t notch_step(notch_t *notch, int16_t input, uint8_t mains_hz, uint16_t fs_hz)
{
    const int16_t *row = coefficients[mains_hz == 60][rate_row(fs_hz)];
    int16_t gain = READ_FLASH_I16(&row[0]);
    int16_t cosine = READ_FLASH_I16(&row[1]);
    int16_t second = (int16_t)(2 * gain - UNITY);
    int32_t carried = -((int32_t)cosine * notch->remainder[0] + (int32_t)second * notch->remainder[1]);
    /* At most (2 g + 2 |2 g cos w| + 2 g - 1) x 2^15, which is under 2^31. */
    int32_t sum = (carried >> UNITY_BITS) + UNITY / 2;
    sum += (int32_t)gain * ((int32_t)input + notch->input[1]);
    sum += (int32_t)cosine * ((int32_t)notch->input[0] - notch->output[0]);
    sum -= (int32_t)second * notch->output[1];
    int32_t output = sum >> UNITY_BITS;
    notch->remainder[1] = notch->remainder[0];
    notch->remainder[0] = (int16_t)(sum - output * UNITY - UNITY / 2);
    notch->input[1] = notch->input[0];
    notch->input[0] = input;
    notch->output[1] = notch->output[0];
    notch->output[0] = clip(output);
    return notch->output[0];
}
