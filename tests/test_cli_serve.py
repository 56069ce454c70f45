"""`tt serve` as a browser meets it, and as somebody who should not."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("textual_serve")

import aiohttp
from yarl import URL

SERVE = "import sys; from tui_tracker.cli import main; sys.exit(main())"


@dataclass
class Served:
    """A server in a process of its own."""

    address: URL
    process: subprocess.Popen[str]
    said: Path
    """What it wrote to standard error."""

    @property
    def base(self) -> URL:
        return self.address.origin()


@pytest.fixture
def served(folder, log_run, tmp_path) -> Iterator[Served]:
    log_run("run_one", loss=[0.5])
    said = tmp_path / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, "--store", str(folder), "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    assert process.stdout is not None
    address = URL(process.stdout.readline().strip())
    yield Served(address, process, said)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(20)
    process.stdout.close()


def session() -> aiohttp.ClientSession:
    # A name that is an address takes no cookies unless told to.
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def status(client: aiohttp.ClientSession, url: URL, **headers: str) -> int:
    async with client.get(url, headers=headers, allow_redirects=False) as response:
        return response.status


async def test_without_the_token_nothing_is_served(served):
    async with session() as client:
        paths = [served.base, served.base / "static/js/textual.js", served.base / "ws"]
        wrong = served.base.with_query(token="x" * 32)

        codes = [await status(client, url) for url in (*paths, wrong)]

    assert codes == [403, 403, 403, 403]


async def test_the_address_opens_the_page_once_and_a_cookie_from_then_on(served):
    async with session() as client:
        async with client.get(served.address, allow_redirects=False) as first:
            assert (first.status, first.headers["Location"]) == (303, "/")
            cookie = first.headers["Set-Cookie"]
        async with client.get(served.base) as page:
            text = await page.text()

        assert page.status == 200
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "data-session-websocket-url" in text
        assert "googleapis" not in text
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_the_websocket_shows_the_app_and_takes_keys(served):
    async with session() as client:
        await status(client, served.address)
        url, origin = served.base / "ws", str(served.base)
        seen = b""

        async with client.ws_connect(
            url.with_query(width="100", height="30"), origin=origin
        ) as socket:
            while b"run_one" not in seen:
                seen += (await asyncio.wait_for(socket.receive(), 30)).data or b""
            await socket.send_json(["stdin", "?"])
            while b"Keys: Table" not in seen:
                seen += (await asyncio.wait_for(socket.receive(), 30)).data or b""


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
async def test_a_websocket_from_elsewhere_is_refused_even_with_the_cookie(served, origin):
    async with session() as client:
        await status(client, served.address)

        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect(served.base / "ws", origin=origin)

    assert caught.value.status == 403


async def test_a_foreign_name_that_points_here_is_refused(served):
    async with session() as client:
        await status(client, served.address)

        assert await status(client, served.base, Host=f"evil.example:{served.base.port}") == 403


async def test_ctrl_c_ends_it_quietly_with_the_apps_that_are_open(served):
    async with session() as client:
        await status(client, served.address)
        before = served.said.read_text()
        seen = b""
        async with client.ws_connect(served.base / "ws", origin=str(served.base)) as socket:
            while b"run_one" not in seen:
                seen += (await asyncio.wait_for(socket.receive(), 30)).data or b""

            served.process.send_signal(signal.SIGINT)
            ended = await asyncio.to_thread(served.process.wait, 20)

    assert ended in (0, 130)
    assert served.said.read_text() == before


def test_a_port_that_is_taken_is_one_sentence(served, tt_):
    code, _, err = tt_("serve", "--port", str(served.base.port))

    assert code == 2
    assert "name another with --port" in err
