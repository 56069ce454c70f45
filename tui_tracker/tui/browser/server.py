"""textual-serve behind a token: each tab of the browser runs an app of its own.

Whoever can talk to the server can read the store and change it. So it listens on this
machine alone unless told otherwise, and every request must prove three things: it is
addressed to this server by a name that it listens on (or a page elsewhere could have had
its own name point here), it carries the token, and a websocket comes from this server's
own page. The token is part of the address that is printed; the first visit turns it into
a cookie, so that it stays in no history and is passed on to nobody.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from textual_serve.server import Server

from tui_tracker.errors import InvalidArgument

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_TABS = 8
PATIENCE_S = 1.0
"""How long a browser has to take leave when the server ends."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TokenServer(Server):
    """Serves one command; `address` opens it."""

    def __init__(self, command: str, host: str, port: int, title: str) -> None:
        """Begin to listen.

        Raises:
            InvalidArgument: the port or the host cannot be used.
        """
        self._socket = _listen(host, port)
        self._host = host
        super().__init__(
            command,
            host=host,
            port=self._socket.getsockname()[1],
            title=title,
            templates_path=Path(__file__).parent,
        )
        self._token = secrets.token_urlsafe(24)
        self._tabs: set[asyncio.Task[Any]] = set()

    @property
    def address(self) -> str:
        """The address that opens the app, with the token in it."""
        return f"http://{_bracketed(self._host)}:{self.port}/?token={self._token}"

    def run(self) -> None:
        """Serve until Ctrl-C."""
        # An app that ends with the server reports to a loop that is closed by then.
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        web.run_app(
            self._make_app(),
            sock=self._socket,
            loop=loop,
            print=None,
            shutdown_timeout=PATIENCE_S,
        )

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard())
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the address is printed by the command."""

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refused = self._refusal(request)
            if refused:
                return web.Response(status=403, text=refused + "\n", headers=_HEADERS)
            if request.path == "/" and "token" in request.query:
                return self._let_in()
            response = await handler(request)
            if not response.prepared:
                response.headers.update(_HEADERS)
            return response

        return guard

    def _refusal(self, request: web.Request) -> str:
        """Return why a request is refused; "" where it is not."""
        if request.host not in self._names():
            return f"This server is not {request.host!r}."
        origin = request.headers.get("Origin")
        own = f"http://{request.host}"
        if origin is not None and origin != own:
            return "Another page may not ask here."
        if request.path == "/ws" and origin is None:
            return "Only a browser's page may ask here."
        given = request.cookies.get(self._cookie, "")
        if request.path == "/" and "token" in request.query:
            given = request.query["token"]
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return "Open the address that `tt serve` printed: its token is missing here, or wrong."
        return ""

    def _names(self) -> Sequence[str]:
        """Return the names that this server goes by."""
        hosts = {self._host, *(LOOPBACK if self._host in (*LOOPBACK, "0.0.0.0", "::") else ())}
        if self._host in ("0.0.0.0", "::"):
            hosts.update((socket.gethostname(), socket.getfqdn()))
        return [f"{_bracketed(host)}:{self.port}" for host in hosts]

    @property
    def _cookie(self) -> str:
        # Cookies do not tell ports apart, and several stores may be served at once.
        return f"tui_tracker_{self.port}"

    def _let_in(self) -> web.Response:
        response = web.Response(status=303, headers={**_HEADERS, "Location": "/"})
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict", path="/")
        return response

    async def handle_index(self, request: web.Request) -> Any:
        # Seen through a tunnel the server has the name that the browser knows.
        self.public_url = f"http://{request.host}"
        return await super().handle_index(request)

    async def handle_websocket(self, request: web.Request) -> Any:
        if len(self._tabs) >= MOST_TABS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_TABS} tabs are open already.")
        tab = asyncio.current_task()
        assert tab is not None
        self._tabs.add(tab)
        try:
            return await super().handle_websocket(request)
        finally:
            self._tabs.discard(tab)

    async def on_shutdown(self, app: web.Application) -> None:
        """End the apps of all tabs: aiohttp would wait a minute for each to end by itself."""
        tabs = list(self._tabs)
        for tab in tabs:
            tab.cancel()
        if tabs:
            await asyncio.wait(tabs, timeout=PATIENCE_S)
        await super().on_shutdown(app)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidArgument(
            f"cannot listen on {host} port {port} ({reason}): name another with --port, "
            "0 takes any that is free"
        ) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def command_of(folder: str) -> list[str]:
    """Return the command that runs the app on a store."""
    return [sys.executable, "-m", "tui_tracker.cli", "--store", folder, "tui"]
