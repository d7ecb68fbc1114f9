#include "six_lead.h"

#include "packet.h"

static int16_t clip(int32_t count)
{
    return (int16_t)(count > INT16_MAX ? INT16_MAX : count < INT16_MIN ? INT16_MIN : count);
}

/* Half, rounded to the nearest, so that no lead is shifted by the rounding. */
static int32_t half(int32_t count)
{
    return (count + (count > 0 ? 1 : 0)) / 2;
}

void six_lead_encode(uint8_t frame[SIX_LEAD_FRAME_BYTES], int16_t lead_i, int16_t lead_ii)
{
    int32_t one = lead_i;
    int32_t two = lead_ii;
    const int32_t counts[6] = {one, two, two - one, half(2 * one - two), half(2 * two - one),
                               half(-one - two)};
    uint8_t *at = frame;
    uint8_t sum = 0;
    for (uint8_t lead = 0; lead < 6; lead++)
        at = put_u16(at, (uint16_t)clip(counts[lead]));
    for (uint8_t index = 0; index < SIX_LEAD_FRAME_BYTES - 1; index++)
        sum = (uint8_t)(sum + frame[index]);
    *at = sum;
}
