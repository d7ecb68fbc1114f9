#include "battery.h"

#include "../settings.h"
#include "messages.h"

#define MEAN_SHIFT 6

static uint16_t mean; /* ten bits and MEAN_SHIFT more; 0xFFFF: none yet */
static uint8_t begun;

void battery_see(uint16_t code)
{
    if (!begun) {
        mean = (uint16_t)(code << MEAN_SHIFT);
        begun = 1;
    }
    mean = (uint16_t)(mean - (mean >> MEAN_SHIFT) + code);
}

uint16_t battery_mv(void)
{
    if (!BATTERY_SENSE || !begun)
        return NOT_REPORTED_U16;
    uint32_t pin_mv_64 = (uint32_t)mean * AREF_MV / 1024u;
    uint32_t battery_mv_64 =
        pin_mv_64 * (BATTERY_TOP_KOHM + BATTERY_BOTTOM_KOHM) / BATTERY_BOTTOM_KOHM;
    return (uint16_t)((battery_mv_64 + (1u << (MEAN_SHIFT - 1))) >> MEAN_SHIFT);
}
