"""What the bedside view knows of one patient, and how old it is. No terminal, no clock of its own.

All times are monotonic seconds of this program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ecgd.cli.live_trace import Scale, Sweep

Json = dict[str, Any]

STALE_S: Final = 0.7
"""Data older than this look old, so that nobody takes a trace that stands for a heart."""

SILENT_S: Final = 3.5
"""The daemon tells the state every second; one that has not for so long does not answer."""

LIMB_ORDER: Final = ("I", "II", "III", "aVR", "aVL", "aVF")
"""As they are printed: the three of Einthoven, then those of Goldberger."""

GAINS_MM_PER_MV: Final = (2.5, 5.0, 10.0, 20.0, 40.0)
STANDARD_GAIN: Final = 2
FIT_DOTS: Final = 75
"""Three seconds of 25 mm/s decide whether the gain fits."""

_ROOMY_LOOKS: Final = 3
_ROOMY: Final = 0.8
"""Twice the gain is taken once the signal would have filled no more than this for three looks."""

_STEP_MV: Final = 0.1


@dataclass(slots=True)
class Gain:
    """Millimetres for a millivolt, one for all leads as on paper; by itself or by hand."""

    step: int = STANDARD_GAIN
    automatic: bool = True
    _roomy_looks: int = 0

    @property
    def mm_per_mv(self) -> float:
        return GAINS_MM_PER_MV[self.step]

    def turn(self, steps: int) -> None:
        """Take a step by hand."""
        self.automatic = False
        self.step = min(max(self.step + steps, 0), len(GAINS_MM_PER_MV) - 1)

    def fit(self, widest_mv: float, height_dots: int) -> None:
        """Look at the widest lead: smaller at once, larger only after it has been so a while."""
        if not self.automatic:
            return
        while self.step > 0 and widest_mv * self.mm_per_mv > height_dots:
            self.step -= 1
            self._roomy_looks = 0
        larger = GAINS_MM_PER_MV[min(self.step + 1, len(GAINS_MM_PER_MV) - 1)]
        roomy = 0 < widest_mv * larger <= _ROOMY * height_dots
        self._roomy_looks = self._roomy_looks + 1 if roomy else 0
        if self._roomy_looks >= _ROOMY_LOOKS and self.step < len(GAINS_MM_PER_MV) - 1:
            self.step += 1
            self._roomy_looks = 0


@dataclass(slots=True)
class Monitor:
    """One patient. ``connected`` False: the daemon is not there, since ``connection_s``."""

    sweep: Sweep = field(default_factory=Sweep)
    gain: Gain = field(default_factory=Gain)
    patient_id: str = ""
    name: str = ""
    simulated: bool = False
    connected: bool = False
    connection_s: float = 0.0
    reason: str = ""
    leads: tuple[str, ...] = ()
    patient: Json | None = None
    assessment: Json | None = None
    assessed_s: float | None = None
    samples_s: float | None = None
    state_s: float | None = None
    audio_paused_s: float | None = None
    sounding: str | None = None
    missed: int = 0
    frozen: Sweep | None = None
    frozen_s: float = 0.0
    _centres_mv: dict[str, float] = field(default_factory=dict)
    _shift_s: float = 0.0

    @property
    def shown(self) -> Sweep:
        """The traces that are shown: those of now, or the frozen ones."""
        return self.frozen or self.sweep

    def take(self, told: Json, now_s: float) -> None:
        """Take one object of the stream."""
        match told["type"]:
            case "hello":
                self._greet(told, now_s)
            case "samples":
                self.leads = tuple(told["mv"])
                self.samples_s = told["arrived_mono_s"] + self._shift_s
                self.sweep.take(told)
            case "assessment":
                self.assessment, self.assessed_s = told, told["arrived_mono_s"] + self._shift_s
            case "state":
                self._take_state(told, now_s)
            case "alarm":
                self._take_alarm(told)
            case "missed":
                self.missed += told["count"]
            case _:
                pass

    def lose(self, reason: str, now_s: float) -> None:
        """Note that the daemon is gone."""
        if self.connected:
            self.connected, self.connection_s = False, now_s
        self.reason = reason

    def toggle_freeze(self, now_s: float) -> None:
        """Freeze the traces, or let them go on."""
        self.frozen = None if self.frozen else self.sweep.copy()
        self.frozen_s = now_s

    def fit(self, height_dots: int) -> None:
        """Bring gain and centres up to date; about once a second, in steps that stay."""
        if self.frozen is not None:
            return
        extents = {lead: self.sweep.extent(lead, FIT_DOTS) for lead in self.shown_leads()}
        widths_mv = [extent[1] - extent[0] for extent in extents.values() if extent]
        self.gain.fit(max(widths_mv, default=0.0), height_dots)
        half_mv = height_dots / self.gain.mm_per_mv / 2
        for lead, extent in extents.items():
            if extent is None:
                continue
            middle_mv = round((extent[0] + extent[1]) / 2 / _STEP_MV) * _STEP_MV
            centre_mv = self._centres_mv.get(lead, middle_mv)
            outside = extent[1] > centre_mv + half_mv or extent[0] < centre_mv - half_mv
            moved = outside and abs(middle_mv - centre_mv) > _STEP_MV / 2
            self._centres_mv[lead] = middle_mv if moved else centre_mv

    def scale(self, lead: str) -> Scale:
        """Return how a lead is drawn."""
        return Scale(self.gain.mm_per_mv, self._centres_mv.get(lead, 0.0))

    def shown_leads(self) -> tuple[str, ...]:
        """Return the leads that are drawn: the limb leads as printed, else what there is."""
        limb = tuple(lead for lead in LIMB_ORDER if lead in self.leads)
        return limb or self.leads[: len(LIMB_ORDER)] or LIMB_ORDER

    def data_age_s(self, now_s: float) -> float | None:
        """Return how old the newest sample is; None where there was none."""
        return None if self.samples_s is None else max(0.0, now_s - self.samples_s)

    def is_stale(self, now_s: float) -> bool:
        """Tell whether the traces say nothing about now."""
        age_s = self.data_age_s(now_s)
        return not self.connected or age_s is None or age_s > STALE_S

    def is_silent(self, now_s: float) -> bool:
        """Tell whether the daemon has not told the state for too long."""
        return self.state_s is not None and now_s - self.state_s > SILENT_S

    def banner(self, now_s: float) -> str:
        """Return what stands over the traces while they are not to be trusted, else ""."""
        age_s = self.data_age_s(now_s)
        if not self.connected:
            return f"NO CONNECTION TO THE DAEMON {_since(now_s - self.connection_s)}"
        if self.state_s is not None and self.is_silent(now_s):
            return f"THE DAEMON DOES NOT ANSWER {_since(now_s - self.state_s)}"
        link = self.patient["link"] if self.patient else None
        if link is not None and link["state"] in ("lost", "ended"):
            since_s = link["age_s"] + now_s - (self.state_s or now_s)
            return f"LINK {link['state'].upper()} {_since(since_s)}"
        if age_s is None:
            return "WAITING FOR THE DEVICE"
        if age_s > STALE_S:
            return f"NO DATA {_since(age_s)}"
        off = self.electrodes_off()
        return f"ELECTRODE OFF: {', '.join(off)}" if off else ""

    def electrodes_off(self) -> tuple[str, ...]:
        """Return the electrodes that the device reports as off."""
        status = self.patient["device_status"] if self.patient else None
        return tuple(status["electrodes_off"] or ()) if status else ()

    def assessment_age_s(self, now_s: float) -> float | None:
        """Return how old the newest assessment is."""
        return None if self.assessed_s is None else max(0.0, now_s - self.assessed_s)

    def _greet(self, hello: Json, now_s: float) -> None:
        # Monotonic times of the daemon are ours, unless the socket leads to another machine.
        self._shift_s = now_s - hello["mono_s"]
        if hello["patient_id"] != self.patient_id:
            self.forget()
        self.patient_id, self.name = hello["patient_id"], hello["name"]
        self.simulated = hello["simulated"]
        self.connected, self.connection_s, self.reason = True, now_s, ""
        self.leads = tuple(hello["leads"])
        self.sweep.clear()
        self._take_state(hello, now_s)
        self.assessment = hello["patient"]["assessment"]
        age_s = self.assessment["age_s"] if self.assessment else None
        self.assessed_s = None if age_s is None else now_s - age_s

    def _take_state(self, told: Json, now_s: float) -> None:
        self.patient = told["patient"]
        self.state_s = min(now_s, told["mono_s"] + self._shift_s)
        self.audio_paused_s, self.sounding = told["audio_paused_s"], told["sounding"]

    def _take_alarm(self, told: Json) -> None:
        """Show at once what became of an alarm; the next state says the same."""
        alarm = told["alarm"]
        if self.patient is None or alarm is None:
            return
        others = [a for a in self.patient["alarms"] if a["event_type"] != alarm["event_type"]]
        alarms = others if alarm["state"] in ("cleared", "inactive") else [*others, alarm]
        self.patient = self.patient | {"alarms": alarms}

    def forget(self) -> None:
        """Forget everything about the patient: another one is looked at."""
        self.sweep.clear()
        self.frozen = None
        self.leads = ()
        self.patient = self.assessment = None
        self.assessed_s = self.samples_s = self.state_s = None
        self._centres_mv.clear()


def _since(seconds: float) -> str:
    """Return how long, in whole seconds from the first on."""
    return f"for {max(0.0, seconds):.0f} s" if seconds >= 1 else ""
