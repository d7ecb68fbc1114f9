"""The streams of the API: they go on until the client, the daemon or the patient goes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ecgd.model.live import LiveItem, LiveSamples
from ecgd.web.answers import lift_deadline
from ecgd.web.body import RefusedError, check_query, known_patient, yes_or_no
from ecgd.web.clock import Clock
from ecgd.web.envelope import Envelope
from ecgd.web.gateway import Gateway
from ecgd.web.json_shape import Shape
from ecgd.web.stream_gateway import ByteStream, NoBytesError, Stream
from ecgd.web.stream_shape import hello_shape, item_shape

ALIVE_S: Final = 5.0
"""A stream of events says at least this often that it is alive."""

LOOK_S: Final = 1.0
"""Whether the client is still there is looked at this often."""

STUCK_S: Final = 30.0
"""A client that takes nothing for so long is cut off: its place is for another."""

BUCKET_MAX: Final = 1000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamRoutes:
    """Events, a patient's signal, and a line's bytes."""

    gateway: Gateway
    clock: Clock

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/v1/events", self.events),
            web.get("/v1/patients/{patient_id}/live", self.live),
            web.get("/v1/patients/{patient_id}/bytes", self.bytes),
        ]

    async def events(self, request: web.Request) -> web.StreamResponse:
        query = check_query(request, ("patient", "since_start"))
        patient_id = known_patient(self.gateway, query.get("patient"))
        since_start = yes_or_no(query, "since_start")
        stream = self.gateway.feed.watch_events(patient_id, since_start)
        version, run_id = self.gateway.status().version, self.gateway.feed.run_id
        hello: Shape = {"type": "hello", "version": version, "run_id": run_id}
        return await self._tell(request, stream, hello, None)

    async def live(self, request: web.Request) -> web.StreamResponse:
        bucket = _bucket(check_query(request, ("bucket_samples",)).get("bucket_samples"))
        patient_id = self._patient_id(request)
        status = self.gateway.status()
        standing = {patient.patient_id: patient for patient in status.patients}
        if patient_id not in standing:
            raise RefusedError(404, f"{patient_id!r} is not watched", "see ecgctl patients list")
        hello = hello_shape(status, standing[patient_id], self.clock)
        stream = self.gateway.feed.watch_patient(patient_id)
        return await self._tell(request, stream, hello, Envelope(bucket) if bucket else None)

    async def bytes(self, request: web.Request) -> web.StreamResponse:
        check_query(request, ())
        patient_id = self._patient_id(request)
        try:
            stream = self.gateway.feed.record_bytes(patient_id)
        except NoBytesError as none:
            raise RefusedError(409, none.what, none.remedy) from none
        return await _answer(
            request,
            stream,
            "application/octet-stream",
            lambda response: self._pass_on(request, response, stream),
        )

    async def _pass_on(
        self, request: web.Request, response: web.StreamResponse, stream: ByteStream
    ) -> None:
        while not _is_gone(request):
            ended = stream.ended
            data = await stream.take(LOOK_S)
            if data:
                # No limit of time: a recording is whole, and its buffer's size is the limit.
                await response.write(data)
            if stream.is_cut:
                # Without the last chunk every client knows that this is not the whole.
                _cut_off(request)
            if ended is not None:
                return

    async def _tell(
        self, request: web.Request, stream: Stream, hello: Shape, envelope: Envelope | None
    ) -> web.StreamResponse:
        async def tell(response: web.StreamResponse) -> None:
            await _write(response, [hello])
            await self._tell_all(request, response, stream, envelope)

        return await _answer(request, stream, "application/x-ndjson", tell)

    async def _tell_all(
        self,
        request: web.Request,
        response: web.StreamResponse,
        stream: Stream,
        envelope: Envelope | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        told_s = loop.time()
        while not _is_gone(request):
            ended = stream.ended
            shapes = list(self._shapes(await stream.take(LOOK_S), envelope))
            if ended is not None:
                shapes.append({"type": "end", "reason": ended})
            elif not shapes and loop.time() - told_s >= ALIVE_S:
                shapes.append({"type": "alive"})
            if shapes:
                await _write(response, shapes)
                told_s = loop.time()
            if ended is not None:
                return

    def _shapes(self, items: Iterable[LiveItem], envelope: Envelope | None) -> Iterable[Shape]:
        for item in items:
            if envelope is not None and isinstance(item, LiveSamples):
                yield from envelope.take(item)
            else:
                yield item_shape(item, self.clock)

    def _patient_id(self, request: web.Request) -> str:
        patient_id = known_patient(self.gateway, request.match_info["patient_id"])
        assert patient_id is not None
        return patient_id


async def _answer(
    request: web.Request,
    stream: Stream | ByteStream,
    content_type: str,
    tell: Callable[[web.StreamResponse], Awaitable[None]],
) -> web.StreamResponse:
    """Answer with what ``tell`` writes, and give the stream's place back whatever happens."""
    headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
    response = web.StreamResponse(headers=headers)
    lift_deadline(request)
    try:
        await response.prepare(request)
        await tell(response)
    except ConnectionError:
        _log.debug("a client of %s went away", request.path)
    except TimeoutError:
        _log.warning("a client of %s took nothing for %g s", request.path, STUCK_S)
        _cut_off(request)
    except Exception:  # noqa: BLE001 - logged, and seen by the client
        # The answer has begun: there is no other to give than an unfinished one.
        _log.exception("%s failed", request.path)
        _cut_off(request)
    finally:
        stream.close()
    return response


async def _write(response: web.StreamResponse, shapes: Iterable[Shape]) -> None:
    lines = (json.dumps(shape, allow_nan=False, ensure_ascii=False) for shape in shapes)
    async with asyncio.timeout(STUCK_S):
        await response.write(("\n".join(lines) + "\n").encode())


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _cut_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _bucket(text: str | None) -> int:
    """Return how many samples make one bucket, 0 for none."""
    if text is None:
        return 0
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= BUCKET_MAX:
        return int(text)
    raise RefusedError(
        400,
        f"bucket_samples={text[:40]!r} makes no sense",
        f"give a whole number from 1 to {BUCKET_MAX}",
    )
