"""Answers of people by ntfy, Pushover and Telegram: real listeners against documented services."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import phone_schemas as schemas
import pytest
from daemon_process import wait_for
from phone_services import Got, Reaction, Service, serving, told
from webhook_receiver import self_signed

from ecgd.alerts.profiles.acknowledge import acknowledge_word
from ecgd.alerts.replies.line import Question, ask
from ecgd.alerts.replies.listener import Listener
from ecgd.alerts.replies.paths import Answered, Member, NtfyPath, PushoverPath, TelegramPath
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError

ALERT = "0123456789abcdef01234567"
NTFY_KEYS = {"topic": schemas.NTFY_TOPIC, "token": schemas.NTFY_TOKEN, "reply": schemas.NTFY_REPLY}


def ntfy_replies(word: str) -> Reaction:
    """https://docs.ntfy.sh/subscribe/api/#json-message-format."""
    topic = schemas.NTFY_REPLY
    lines = [
        {"id": "a1", "time": 1, "event": "open", "topic": topic},
        {"id": "a2", "time": 2, "event": "message", "topic": topic, "message": "ack nonsense"},
        {"id": "a3", "time": 3, "event": "message", "topic": topic, "message": word},
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode() + b"{broken\n"
    return 200, {"Content-Type": "application/x-ndjson"}, body


def press(chat: int, word: str, number: int = 7) -> dict[str, Any]:
    """https://core.telegram.org/bots/api#callbackquery."""
    return {
        "update_id": number,
        "callback_query": {
            "id": f"q{number}",
            "from": {"id": 99, "is_bot": False, "first_name": "B"},
            "message": {"message_id": 42, "chat": {"id": chat, "type": "private"}},
            "chat_instance": "1",
            "data": word,
        },
    }


def member(name: str, profile: str, url: str, **keys: str) -> Member:
    return Member(WebhookSettings(name=name, profile=profile, url=url), lambda: Keys(keys))


@contextmanager
def listening(path: Any) -> Iterator[tuple[Listener, list[Answered]]]:
    heard: list[Answered] = []
    listener = Listener("test", path, heard.append, poll_s=0.05)
    try:
        yield listener, heard
    finally:
        listener.stop()


def hearing(path: Any, until: Callable[[list[Answered]], bool]) -> list[Answered]:
    with listening(path) as (listener, heard):
        listener.expect(ALERT)
        wait_for(lambda: until(heard), "an answer", 10.0)
        listener.forget(ALERT)
        time.sleep(0.2)
    return heard


def test_ntfy() -> None:
    word = acknowledge_word(ALERT, "berta")

    def answer(service: Service, got: Got) -> Reaction:
        where = urlsplit(got.path)
        assert where.path == f"/{schemas.NTFY_REPLY}/json"
        service.taken.append({name: values[0] for name, values in parse_qs(where.query).items()})
        return ntfy_replies(word)

    with serving(answer) as service:
        berta = member("berta", "ntfy", service.url, **NTFY_KEYS)
        heard = hearing(NtfyPath([berta]), lambda heard: len(heard) > 1)
        assert (heard[0].alert_id, heard[0].target) == (ALERT, "berta")
        assert service.taken[0] == {"poll": "1", "since": "12h"}
        assert service.taken[1]["since"] == "a3", "what was read is not read again"
        path = NtfyPath([member("carl", "ntfy", service.url, **NTFY_KEYS)])
        question = next(path.questions({ALERT: ()}))
        reply = ask(question)
        assert not list(path.read(question, reply, {ALERT: ()})), "another target's button"
        assert not list(NtfyPath([berta]).read(question, reply, {})), "a stale one"


def test_ntfy_is_asked_once_for_all_targets_of_a_server() -> None:
    """A visitor has one request in 5 s; questions of each target would leave none for alerts."""
    with serving(lambda _service, _got: told({})) as service:
        others = {**NTFY_KEYS, "reply": "f" * 10 + "0123456789", "reply_token": "tk_writes_alone"}
        path = NtfyPath(
            [
                member("berta", "ntfy", service.url, **NTFY_KEYS),
                member("carl", "ntfy", service.url, **others),
            ]
        )
        (question,) = path.questions({ALERT: ()})
        ask(question)
        assert service.got[0].headers["authorization"] == f"Bearer {NTFY_KEYS['token']}"
        assert urlsplit(service.got[0].path).path == (
            f"/{schemas.NTFY_REPLY},{others['reply']}/json"
        )
        assert path.poll_s >= 10.0


def test_ntfy_with_more_answers_than_are_read_at_once() -> None:
    line = {"event": "message", "topic": schemas.NTFY_REPLY, "message": "x" * 900}
    flood = [json.dumps({"id": f"f{n}", **line}) for n in range(400)]
    ours = json.dumps({"id": "z", **line, "message": acknowledge_word(ALERT, "berta")})

    def answer(_service: Service, got: Got) -> Reaction:
        since = parse_qs(urlsplit(got.path).query)["since"][0]
        begin = int(since[1:]) + 1 if since.startswith("f") else 0
        return 200, {}, "".join(f"{each}\n" for each in (*flood[begin:], ours)).encode()

    with serving(answer) as service:
        path = NtfyPath([member("berta", "ntfy", service.url, **NTFY_KEYS)])
        assert hearing(path, bool)[0].alert_id == ALERT


def cancels(service: Service) -> list[str]:
    return [one["path"] for one in service.taken if "cancel" in one["path"]]


def test_pushover() -> None:
    def answer(service: Service, got: Got) -> Reaction:
        service.taken.append({"path": got.path, "body": got.body.decode()})
        if "/broken" in got.path:
            return told({"status": 0, "errors": ["receipt not found"]}, 404)
        if "cancel" in got.path and sum("cancel" in one["path"] for one in service.taken) == 1:
            return told({}, 503)
        count = sum("/r2.json" in each["path"] for each in service.taken)
        return told({"status": 1, "acknowledged": int(count > 2 and "/r2" in got.path)})

    with serving(answer) as service:
        path = PushoverPath([member("berta", "pushover", service.url, token="T", user="u")])
        with listening(path) as (listener, heard):
            listener.expect("another", "broken")
            for receipt in ("r1", "r2", "r3"):
                listener.expect(ALERT, receipt)
            wait_for(lambda: heard, "an answer to the second message of three", 10.0)
            assert (heard[0].alert_id, heard[0].target) == (ALERT, "berta")
            assert "404" in listener.trouble, "a receipt that nobody knows is told"
            listener.forget(ALERT)
            ended = {f"/1/receipts/{receipt}/cancel.json" for receipt in ("r1", "r2", "r3")}
            wait_for(lambda: set(cancels(service)) == ended, "an end of every ringing", 10.0)
            wait_for(lambda: len(cancels(service)) == 4, "the one not heard, once more", 10.0)
        assert service.taken[0]["path"] == "/1/receipts/broken.json?token=T"


def telegram_answers(updates: list[dict[str, Any]]) -> Callable[[Service, Got], Reaction]:
    """https://core.telegram.org/bots/api#getupdates."""

    def answer(service: Service, got: Got) -> Reaction:
        method, content = got.path.rpartition("/")[2], got.json()
        service.taken.append({"method": method, **content})
        found = [each for each in updates if _number(each) >= content.get("offset", 0)]
        found = found[: content.get("limit", 100)]
        return told({"ok": True, "result": found if method == "getUpdates" else True})

    return answer


def _number(update: dict[str, Any]) -> int:
    number = update["update_id"]
    return number if isinstance(number, int) else 0


def test_telegram_counts_the_configured_chat_alone() -> None:
    word = acknowledge_word(ALERT, "berta")
    updates = [
        press(1234, word, 6),
        press(4711, "ack x other", 7),
        press(4711, word, 8),
        {"update_id": "nonsense"},
    ]
    with serving(telegram_answers(updates)) as service:
        path = TelegramPath([member("berta", "telegram", service.url, token="1:T", chat="4711")])
        thanked = lambda _: any(  # noqa: E731
            each["method"] == "answerCallbackQuery" for each in service.taken
        )
        heard = hearing(path, thanked)
        assert [(each.alert_id, each.target, each.person) for each in heard] == [
            (ALERT, "berta", "")
        ], "a stranger's press counts, or one twice"
        assert [
            each["callback_query_id"] for each in service.taken if "callback_query_id" in each
        ] == ["q8"]


def test_telegram_names_who_pressed_in_a_group_and_reads_a_pile_of_presses() -> None:
    """Each press carries the whole message: a hundred of them were more than is read at once."""
    word = acknowledge_word(ALERT, "team")
    updates = [press(-100, "ack old team", number) for number in range(1, 100)]
    updates.append(press(-100, word, 100))
    updates[-1]["callback_query"]["from"] |= {"first_name": "Anna\n", "last_name": "K."}
    for each in updates:
        each["callback_query"]["message"]["text"] = "ä" * 4000
    with serving(telegram_answers(updates)) as service:
        path = TelegramPath([member("team", "telegram", service.url, token="1:T", chat="-100")])
        heard = hearing(path, bool)
    assert (heard[0].target, heard[0].person) == ("team", "Anna K.")


def test_two_bots_at_telegram_are_asked_each_and_one_broken_key_stops_neither() -> None:
    word = acknowledge_word(ALERT, "berta")

    def broken() -> Keys:
        raise DeliveryError("secret file x cannot be read")

    with serving(telegram_answers([press(4711, word)])) as service:
        settings = WebhookSettings(name="dora", profile="telegram", url=service.url)
        path = TelegramPath(
            [
                Member(settings, broken),
                member("carl", "telegram", service.url, token="2:T", chat="1"),
                member("berta", "telegram", service.url, token="1:T", chat="4711"),
            ]
        )
        with listening(path) as (listener, heard):
            listener.expect(ALERT)
            wait_for(lambda: heard, "the answer", 10.0)
            assert {got.path for got in service.got} >= {
                "/bot1:T/getUpdates",
                "/bot2:T/getUpdates",
            }
            assert "secret file" in wait_for(lambda: listener.trouble, "the trouble", 5.0)


def test_an_answer_says_after_which_look_it_was_given() -> None:
    pressed: list[dict[str, Any]] = []

    def answer(service: Service, got: Got) -> Reaction:
        return telegram_answers(pressed)(service, got)

    with serving(answer) as service:
        path = TelegramPath([member("berta", "telegram", service.url, token="1:T", chat="4711")])
        with listening(path) as (listener, heard):
            listener.expect(ALERT)
            wait_for(lambda: len(service.got) > 3, "some looks", 10.0)
            before_s = time.monotonic()
            time.sleep(0.3)
            pressed.append(press(4711, acknowledge_word(ALERT, "berta")))
            wait_for(lambda: heard, "the answer", 10.0)
    assert before_s < heard[0].after_s < time.monotonic()


def test_nothing_is_asked_while_nobody_has_to_answer() -> None:
    with serving(lambda _service, _got: told({})) as service:
        path = NtfyPath([member("berta", "ntfy", service.url, **NTFY_KEYS)])
        with listening(path) as (listener, _):
            time.sleep(0.3)
            assert not service.got
            assert not listener.trouble


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"",
    ],
    ids=["body", "until closed", "HTTP/1.0", "header", "nothing"],
)
def test_a_dripping_service_is_left_at_the_deadline(begin: bytes) -> None:
    with dripping(begin) as port:
        began_s = time.monotonic()
        with pytest.raises(DeliveryError, match=r"no answer within 0\.4 s"):
            ask(Question(f"http://127.0.0.1:{port}/"), deadline_s=0.4)
        assert time.monotonic() - began_s < 3.0


def test_a_dripping_handshake_is_left_at_the_deadline() -> None:
    with dripping(b"\x16\x03\x03\x40\x00", b"\x02") as port:
        began_s = time.monotonic()
        with pytest.raises(DeliveryError, match=r"no answer within 0\.4 s"):
            ask(Question(f"https://127.0.0.1:{port}/"), deadline_s=0.4)
        assert time.monotonic() - began_s < 3.0


@contextmanager
def dripping(begin: bytes, drop: bytes = b"x") -> Iterator[int]:
    """Answer with ``begin`` and then a byte now and then, for ever."""
    stop = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(begin)
            while not stop.wait(0.05):
                connection.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stop.set()
            thread.join(5.0)


def test_a_failing_service_is_told_and_hidden_words_stay_hidden() -> None:
    with serving(lambda _service, _got: told({}, 403)) as service:
        path = NtfyPath([member("berta", "ntfy", service.url, **NTFY_KEYS)])
        with listening(path) as (listener, _):
            listener.expect(ALERT)
            trouble = wait_for(lambda: listener.trouble, "the trouble", 10.0)
    assert "403" in trouble
    assert schemas.NTFY_REPLY not in trouble


def test_the_certificate_is_checked_and_no_redirect_followed(tmp_path: Path) -> None:
    authority, context = self_signed(tmp_path)
    with serving(lambda _service, _got: told({}), context) as service:
        with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
            ask(Question(service.url))
        assert ask(Question(service.url, ca_file=authority)).status == 200
        service.reactions = [told({}, 302, Location=f"{service.url}/elsewhere")]
        with pytest.raises(DeliveryError, match="HTTP 302"):
            ask(Question(service.url, ca_file=authority))
        assert [got.path for got in service.got] == ["/", "/"]
