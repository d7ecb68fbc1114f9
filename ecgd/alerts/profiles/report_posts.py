"""The report of an alert to a service: attached where it takes files, in words where it does not.

A report comes quietly, behind its alert: what sounds is the alert.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from ecgd.alerts.news import News
from ecgd.alerts.profiles import ntfy, pushover, telegram
from ecgd.alerts.profiles.multipart import form_request
from ecgd.alerts.profiles.profile import Errand, Post, Profile, Request, json_request
from ecgd.alerts.report_message import ReportFile, file_of, is_report
from ecgd.alerts.telling import Text, cut
from ecgd.errors import DeliveryError

NTFY_MESSAGE_BYTES: Final = 600
"""The words stand in the address, for the file is the body: servers cut long addresses."""

TELEGRAM_CAPTION: Final = 1024
GOTIFY_MESSAGE: Final = 4000
SLACK_SECTION: Final = 3000
SLACK_HEADER: Final = 150

NTFY_QUIET: Final = 2
PUSHOVER_QUIET: Final = -1
GOTIFY_QUIET: Final = 2

PUSHOVER_FILE_BYTES: Final = 5_242_880
"""https://pushover.net/api#attachments: pictures alone, and none larger."""

_TITLES: Final = {"en": "ECG report", "de": "EKG-Bericht"}


def reporting(profile: Profile, compose_report: Callable[[Post], Request]) -> Profile:
    """Return a profile that also brings reports."""

    def compose(post: Post) -> Request | Errand:
        return compose_report(post) if is_report(post.body) else profile.compose(post)

    return replace(profile, compose=compose)


def ntfy_report(post: Post) -> Request:
    """https://docs.ntfy.sh/publish/#attach-local-file; what else is said goes into the address."""
    news, text = _told(post)
    file = _file(news)
    fields = {
        "title": cut(_title(post, text), ntfy.TITLE_LIMIT),
        "message": cut(_brief(news), NTFY_MESSAGE_BYTES, size=lambda words: len(words.encode())),
        "priority": str(NTFY_QUIET),
        "tags": "test_tube" if news.simulated else "page_facing_up",
        "filename": file.name,
    }
    if post.page_url(news):
        fields["click"] = post.page_url(news)
    token = post.keys.get("token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    topic = ntfy.topic_of(post.settings, post.keys)
    url = f"{ntfy.server(post.settings)}/{topic}?{urlencode(fields, quote_via=quote)}"
    return Request(url, file.content, headers | {"content-type": file.content_type}, "PUT")


def telegram_report(post: Post) -> Request:
    """https://core.telegram.org/bots/api#senddocument: a photo would be made small and blurred."""
    news, text = _told(post)
    title = html.escape(cut(_title(post, text), 300), quote=False)

    def whole(words: str) -> str:
        return f"<b>{title}</b>\n{html.escape(words, quote=False)}"

    base = f"{telegram.server(post.settings)}/bot{post.keys.get('token')}"
    fields = {
        "chat_id": telegram.chat_of(post.settings, post.keys),
        "caption": cut(_brief(news), TELEGRAM_CAPTION, whole, _units),
        "parse_mode": "HTML",
        "disable_notification": "true",
    }
    if post.page_url(news):
        button = {"text": text.words.open_page, "url": post.page_url(news)}
        fields["reply_markup"] = json.dumps({"inline_keyboard": [[button]]})
    return form_request(f"{base}/sendDocument", fields, "document", _file(news))


def pushover_report(post: Post) -> Request:
    """https://pushover.net/api#attachments."""
    news, text = _told(post)
    fields = {
        "token": post.keys.get("token"),
        "user": post.keys.get("user"),
        "title": cut(_title(post, text), pushover.TITLE_LIMIT),
        "message": cut(_brief(news), pushover.MESSAGE_LIMIT),
        "priority": str(PUSHOVER_QUIET),
    }
    if 0 < len(post.page_url(news)) <= pushover.URL_LIMIT:
        fields |= {"url": post.page_url(news), "url_title": text.words.open_page}
    file = file_of(news.data)
    if file is None or not file.is_picture or len(file.content) > PUSHOVER_FILE_BYTES:
        file, fields["message"] = None, cut("\n".join(_whole(news)), pushover.MESSAGE_LIMIT)
    url = f"{pushover.server(post.settings)}/1/messages.json"
    return form_request(url, fields, "attachment", file)


def slack_report(post: Post) -> Request:
    """https://api.slack.com/messaging/webhooks: it takes no file, so that words have to do."""
    news, text = _told(post)
    title = cut(_title(post, text), SLACK_HEADER, _escaped)
    body = cut("\n".join(_whole(news)), SLACK_SECTION, _escaped)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(title)},
        {"type": "section", "text": _plain(body)},
    ]
    if post.page_url(news):
        label = _plain(text.words.open_page)
        button = {"type": "button", "text": label, "url": post.page_url(news)}
        blocks.append({"type": "actions", "elements": [button]})
    return json_request(post.keys.get("url"), {"text": title, "mrkdwn": False, "blocks": blocks})


def gotify_report(post: Post) -> Request:
    """https://gotify.net/api-docs: it takes no file either."""
    news, text = _told(post)
    extras: dict[str, Any] = {"client::display": {"contentType": "text/plain"}}
    if post.page_url(news):
        extras["client::notification"] = {"click": {"url": post.page_url(news)}}
    content = {
        "title": cut(_title(post, text), 250),
        "message": cut("\n".join(_whole(news)), GOTIFY_MESSAGE),
        "priority": GOTIFY_QUIET,
        "extras": extras,
    }
    headers = {"X-Gotify-Key": post.keys.get("token")}
    return json_request(f"{post.settings.url.rstrip('/')}/message", content, headers)


def _told(post: Post) -> tuple[News, Text]:
    news = post.news()
    return news, post.text(news)


def _file(news: News) -> ReportFile:
    file = file_of(news.data)
    if file is None:
        raise DeliveryError("the report has no file")
    return file


def _units(text: str) -> int:
    """Return a length as Telegram counts it: in units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _title(post: Post, text: Text) -> str:
    return f"{_TITLES.get(post.settings.language, _TITLES['en'])}: {text.title}"


def _brief(news: News) -> str:
    """Return what a lock screen should show; the rest stands in the file."""
    return "\n".join(_figures(news)) or news.description


def _figures(news: News) -> Iterator[str]:
    if news.heart_rate_bpm is not None:
        yield f"heart rate {news.heart_rate_bpm:.0f}/min"
    levels = ", ".join(f"{lead} {mv:+.2f}" for lead, mv in _pairs(news, "st_mv"))
    if levels:
        yield f"ST at J+40 ms, mV: {levels}"


def _whole(news: News) -> Iterator[str]:
    """Yield the report in words."""
    yield from _figures(news)
    changes = ", ".join(f"{lead} {mv:+.2f}" for lead, mv in _pairs(news, "st_change_mv"))
    if changes:
        yield f"change against the own baseline, mV: {changes}"
    if news.quality:
        shares = ", ".join(f"{lead} {100.0 * sqi:.0f} %" for lead, sqi in news.quality)
        yield f"quality: {shares}"
    yield from news.evidence
    notes = news.data.get("clinical_notes")
    yield from (str(note) for note in notes) if isinstance(notes, list) else ()
    if news.not_visible:
        yield f"not visible in these leads: {', '.join(news.not_visible)}"
    yield f"alert {news.alert_id}"


def _pairs(news: News, name: str) -> Iterator[tuple[str, float]]:
    found = news.data.get(name)
    for lead, mv in found.items() if isinstance(found, dict) else ():
        if isinstance(mv, int | float) and not isinstance(mv, bool):
            yield str(lead), float(mv)


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
