"""The cases of the replay corpus, and how the bytes of each were made.

A case is one run of the simulated node (``python -m ecgd.node --help``) in virtual time. ``node``
is its command line, without the port; ``replay:NAME`` stands for a recording of
``tests/fixtures/recordings``. The host's side is in ``connected``: from when to when the gateway
has the port open, in seconds of the node. At each opening the gateway asks the device who it is,
as the daemon does, and at ``commands`` it says more.

A recording from the field needs no recipe: its bytes are what they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ecgd.protocol import Command

ALWAYS: Final = ((0.0, math.inf),)

NORMAL: Final = "--source replay:normal?loop=true"
INFERIOR: Final = "--source replay:inferior_stemi?loop=true"
SIX_LEAD: Final = "--protocol six-lead --baud 38400"
LATERAL: Final = "--source replay:lateral_stemi_injected?loop=true"


@dataclass(frozen=True, slots=True)
class SentCommand:
    """What the gateway sends at ``time_s``."""

    time_s: float
    command: Command
    argument: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """One case: ``about`` says what it shows, ``duration_s`` how long it lasts."""

    name: str
    about: str
    node: str
    duration_s: float
    connected: tuple[tuple[float, float], ...] = ALWAYS
    commands: tuple[SentCommand, ...] = ()


RECIPES: Final = (
    Recipe("clean", "a normal heart on a good line: no alarm, nothing lost", NORMAL, 45),
    Recipe(
        "stemi",
        "an inferior infarction for 40 s, then none: raised after the hold-off, then latched",
        f"{INFERIOR} --for 40 {NORMAL}",
        85,
    ),
    Recipe(
        "loss", "3 % of the packets are lost: gaps of exact length", f"{NORMAL} --loss 0.03", 50
    ),
    Recipe(
        "byte_loss",
        "single bytes are lost: their packets are discarded, and nothing else",
        f"{NORMAL} --byte-loss 0.0005",
        40,
    ),
    Recipe(
        "bit_errors",
        "one bit in 10 000 is flipped: no damaged packet is taken for a good one",
        f"{NORMAL} --bit-errors 0.0001",
        45,
    ),
    Recipe(
        "reset",
        "the device resets twice, in mid packet, during a high lateral infarction: "
        "the alarm stands, indices begin anew",
        f"{LATERAL} --reset-at 12.34,41.07",
        70,
    ),
    Recipe(
        "drift",
        "the device's clock runs 5000 ppm fast: no gap, no reset, the drift is told",
        f"{NORMAL} --drift-ppm 5000",
        50,
    ),
    Recipe(
        "garbage_start",
        "700 bytes of noise, then the middle of a packet: the first good packet is found",
        f"{NORMAL} --garbage-at-start 700",
        40,
    ),
    Recipe(
        "late_connect",
        "the gateway opens the port in mid packet: samples wait until the device tells its scale",
        NORMAL,
        40,
        connected=((6.67, math.inf),),
    ),
    Recipe(
        "electrode_off",
        "the left arm's electrode hangs loose for 40 s: one technical alarm, and lead II still "
        "shows the rhythm",
        f"{NORMAL} --electrode-off LA@15-55",
        75,
    ),
    Recipe(
        "stall",
        "the radio holds its bytes back for 3 s, then gives them all: late, but nothing is lost",
        f"{NORMAL} --stall 20,3",
        55,
    ),
    Recipe(
        "link_cut",
        "the link is cut for 18 s during an infarction: the alarm stands, and somebody is to look",
        INFERIOR,
        75,
        connected=((0.0, 32.0), (50.0, math.inf)),
    ),
    Recipe(
        "reset_behind_cut",
        "the device resets while the link is cut, its counters come to lie where a short gap would "
        "be, and samples come before the hello: a new origin, never a wrong time",
        f"{NORMAL} --reset-at 12 --stall 22.3,0.6",
        42,
        connected=((0.0, 10.0), (22.5, math.inf)),
    ),
    Recipe(
        "artefact",
        "electrode motion and contact noise: the signal is unusable, the heart gives no alarm",
        "--source replay:artefact?loop=true",
        50,
    ),
    Recipe(
        "atrial_fibrillation",
        "an irregular rhythm: no ST alarm",
        "--source replay:atrial_fibrillation?loop=true",
        50,
    ),
    Recipe(
        "asystole",
        "the heart stands still after 20 s",
        "--source synthetic:?rate=72 --for 20 --source synthetic:?rhythm=asystole",
        45,
    ),
    Recipe(
        "asystole_behind_electrode",
        "the heart stands still while the left arm's electrode is loose: lead II shows it at once",
        "--source synthetic:?rate=72 --for 20 --source synthetic:?rhythm=asystole "
        "--electrode-off LA@15-30",
        55,
    ),
    Recipe(
        "self_test",
        "the device sends its own square wave for 12 s: kept, and judged by nobody",
        NORMAL,
        45,
        commands=(
            SentCommand(15.0, Command.SELF_TEST, 1),
            SentCommand(27.0, Command.SELF_TEST, 0),
        ),
    ),
    Recipe(
        "battery",
        "the battery falls below a fifth: a low technical alarm after the hold-off",
        f"{NORMAL} --battery 3490:3370/120",
        75,
    ),
    Recipe(
        "six_lead_clean",
        "the document's frame at 38400 baud: nothing lost, battery and electrodes not reported",
        f"{INFERIOR} {SIX_LEAD}",
        35,
    ),
    Recipe(
        "six_lead_byte_loss",
        "single bytes of six-lead frames are lost: each costs its frame, the phase is found again",
        f"{NORMAL} {SIX_LEAD} --byte-loss 0.0002",
        35,
    ),
    Recipe(
        "six_lead_bit_errors",
        "one bit in 5 000 is flipped: gaps of one sample, no damaged frame is taken for a good one",
        f"{NORMAL} {SIX_LEAD} --bit-errors 0.0002",
        35,
    ),
    Recipe(
        "six_lead_stall",
        "the radio holds six-lead frames back for 2 s, then gives them all: late, and no gap",
        f"{NORMAL} {SIX_LEAD} --stall 14,2",
        35,
    ),
    Recipe(
        "six_lead_overflow",
        "the radio holds back more six-lead frames than it can keep: seconds later a gap of what "
        "was lost, though no frame says so",
        f"{NORMAL} {SIX_LEAD} --stall 16,4",
        35,
    ),
    Recipe(
        "six_lead_garbage_start",
        "700 bytes of noise before the first six-lead frame: none is taken for a sample",
        f"{NORMAL} {SIX_LEAD} --garbage-at-start 700",
        30,
    ),
    Recipe(
        "six_lead_channel_fault",
        "one channel's gain is wrong, so the leads contradict each other for ever: the frames are "
        "found by their sums alone",
        f"{NORMAL} {SIX_LEAD} --channel-fault aVL=0.5",
        30,
    ),
)

BY_NAME: Final = {recipe.name: recipe for recipe in RECIPES}
