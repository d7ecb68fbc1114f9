"""A report of an alert, from the database alone: the picture, or the page where none can be drawn.

Nothing of it runs in the daemon: it takes long, and it is not what sounds the alarm.
"""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import Final

from ecgd.errors import CapsuleError, StoreError
from ecgd.model.alarm import Alert
from ecgd.paper.report_page import ReportText, draw_report
from ecgd.paper.sheet import Sheet, usual_width
from ecgd.paper.strip import Strip
from ecgd.paper.svg import sheet_svg
from ecgd.service.capsule import read_capsule
from ecgd.service.report_png import can_draw, sheet_png, text_width
from ecgd.service.report_request import HTML, PNG, Report, ReportRequest
from ecgd.service.report_signal import derived_leads, strip_of
from ecgd.service.report_words import Limits, report_text
from ecgd.store.report_reader import ReportReader

_STYLE: Final = "body{margin:0;background:#fff}svg{display:block;max-width:100%;height:auto}"


def make_report(request: ReportRequest) -> Report:
    """Return the report of an alert. Raises StoreError where there is no such alert."""
    reader = ReportReader(request.database)
    stored = reader.alert(request.alert_id)
    if stored is None:
        raise StoreError(
            f"no alert's id, or more than one, begins with {request.alert_id!r}",
            'Look with "ecgctl alerts list".',
        )
    alert = stored.alert
    strip, notes = _strip(reader, alert, request)
    limits = _limits(reader, alert, request)
    figures = reader.figures_before(alert.alert_id)
    text = report_text(alert, strip, notes, figures, limits, whose=request.whose)
    kind = request.kind or (PNG if can_draw() else HTML)
    return Report(alert.alert_id, kind, render(text, strip, kind))


def _limits(reader: ReportReader, alert: Alert, request: ReportRequest) -> Limits:
    """Return what the alert was judged by: its capsule knows, where the settings are others now."""
    if request.config_hash == alert.config_hash:
        return Limits(request.analysis)
    found = reader.capsule(alert.alert_id)
    if found is not None:
        with suppress(CapsuleError):
            return Limits(read_capsule(found.data).settings.analysis)
    return Limits(request.analysis, same_settings=False)


def render(text: ReportText, strip: Strip | None, kind: str) -> bytes:
    """Return a report as a file of a kind."""
    if kind == PNG:
        return sheet_png(draw_report(text, strip, text_width))
    return html_page(draw_report(text, strip, usual_width))


def html_page(sheet: Sheet) -> bytes:
    """Return one page without a script or a link: it needs nothing from anywhere."""
    head = "<!doctype html><html lang='en'><meta charset='utf-8'>"
    view = "<meta name='viewport' content='width=device-width'>"
    title = f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style>"
    return f"{head}{view}{title}{sheet_svg(sheet)}</html>\n".encode()


def _strip(
    reader: ReportReader, alert: Alert, request: ReportRequest
) -> tuple[Strip | None, tuple[str, ...]]:
    if alert.sample_index is None:
        return None, ("This alert rests on no signal: there is no strip.",)
    wanted = request.report
    pieces = reader.waveform_around_alert(alert.alert_id, wanted.before_s, wanted.after_s)
    span = (alert.sample_index, wanted.before_s, wanted.after_s)
    strip = strip_of(pieces, *span, request.analysis)
    if strip is None:
        return None, ("Nothing of the signal around this alert is stored: there is no strip.",)
    derived = derived_leads(next(piece.leads for piece in pieces if piece.blocks))
    notes = []
    if derived:
        measured = [lead for lead in strip.leads if lead not in derived]
        notes.append(f"Measured: {', '.join(measured)}; the other leads are computed from them.")
    if strip.beats:
        notes.append("J points were found anew in this strip. Grey: nothing was received.")
    damaged = sum(piece.damaged for piece in pieces)
    if damaged:
        notes.append(f"{damaged} stored piece(s) of this recording cannot be read.")
    return strip, tuple(notes)
