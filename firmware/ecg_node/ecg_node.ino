/* ECG node for ecgd: two limb leads over an HC-05 (docs/firmware.md, docs/hardware.md).
 *
 * Settings are in config.h, wires in pins.h. Take the HC-05 off D0 and D1 while you upload.
 */
#include "src/board/board.h"

void setup()
{
    board_setup();
}

void loop()
{
    board_loop();
}
