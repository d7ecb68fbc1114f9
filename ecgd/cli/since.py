"""How far back a command looks: 7d and -7d mean the same."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from ecgd.cli.moments import Moment

_SPAN: Final = re.compile(r"(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?", re.IGNORECASE)


class Since(Moment):
    """A point in time, or a span that ends now; gives Unix seconds."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return Unix seconds of what was written."""
        is_span = isinstance(value, str) and _SPAN.fullmatch(value.strip())
        return super().convert(f"-{value.strip()}" if is_span else value, param, ctx)
