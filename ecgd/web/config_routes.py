"""The route for the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from ecgd.web.answers import json_answer
from ecgd.web.body import check_query
from ecgd.web.config_gateway import ConfigGateway
from ecgd.web.json_shape import plain


@dataclass(frozen=True, slots=True)
class ConfigRoutes:
    """Showing the configuration."""

    gateway: ConfigGateway

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/v1/config", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Answer with every setting that is in force."""
        check_query(request, ())
        return json_answer(plain(await self.gateway.show()))
