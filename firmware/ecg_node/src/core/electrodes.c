#include "electrodes.h"

void electrodes_see(electrodes_t *electrodes, uint8_t off_bits)
{
    uint8_t changed = electrodes->off ^ off_bits;
    for (uint8_t index = 0; index < ELECTRODE_COUNT; index++) {
        uint8_t bit = (uint8_t)(1u << index);
        if (!(changed & bit)) {
            electrodes->steady_samples[index] = 0;
        } else if (++electrodes->steady_samples[index] == ELECTRODE_STEADY_SAMPLES) {
            electrodes->steady_samples[index] = 0;
            electrodes->off ^= bit;
        }
    }
    electrodes->off_since_asked |= electrodes->off;
}

uint8_t electrodes_report(electrodes_t *electrodes)
{
    uint8_t report = electrodes->off_since_asked;
    electrodes->off_since_asked = electrodes->off;
    return report;
}
