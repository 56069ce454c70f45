"""A picture of a page in Chromium, taken through its debugging protocol.

`--screenshot` takes it when the page is loaded, which is before the app has drawn.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectionError, ClientSession

PORT = 9377
DRAWN_S = 9.0
ATTEMPTS = 4
"""On a busy machine Chromium now and then has no picture of a page, however often it is asked."""


def chromium() -> str | None:
    """Return the browser's program; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def take_page(url: str, path: Path, *, width: int = 1280, height: int = 800) -> None:
    """Write a picture of a page, some seconds after it was opened."""
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            path.write_bytes(_taken(url, width, height))
        except RuntimeError:
            if not attempts_left:
                raise
        else:
            return


def _taken(url: str, width: int, height: int) -> bytes:
    program = chromium()
    assert program is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "about:blank"]
        command += [f"--remote-debugging-port={PORT}", f"--window-size={width},{height}"]
        command += [f"--user-data-dir={profile}"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as browser:
            try:
                return asyncio.run(_picture(url))
            finally:
                browser.terminate()


async def _picture(url: str) -> bytes:
    async with ClientSession() as session:
        address = await _find_tab(session)
        async with session.ws_connect(address, max_msg_size=0) as socket:
            # Without it the page would be told that nobody looks at it.
            focus = {"id": 0, "method": "Emulation.setFocusEmulationEnabled"}
            await socket.send_json({**focus, "params": {"enabled": True}})
            await socket.send_json({"id": 1, "method": "Page.navigate", "params": {"url": url}})
            await asyncio.sleep(DRAWN_S)
            # The terminal in the page has the focus once it was clicked; on the title nothing is.
            click = {"x": 400, "y": 8, "button": "left", "clickCount": 1}
            for kind in ("mousePressed", "mouseReleased"):
                told = {"id": 1, "method": "Input.dispatchMouseEvent"}
                await socket.send_json({**told, "params": {"type": kind, **click}})
            await asyncio.sleep(1.0)
            for number in range(2, 12):
                await socket.send_json({"id": number, "method": "Page.captureScreenshot"})
                answer: dict[str, Any] = {}
                while answer.get("id") != number:
                    answer = await socket.receive_json()
                if "result" in answer:
                    return base64.b64decode(answer["result"]["data"])
                await asyncio.sleep(0.5)  # a page that is being painted has no picture
    raise RuntimeError(f"no picture: {answer.get('error')}")


async def _find_tab(session: ClientSession) -> str:
    for _ in range(100):
        try:
            async with session.get(f"http://127.0.0.1:{PORT}/json") as answer:
                pages = [tab for tab in await answer.json() if tab["type"] == "page"]
                return str(pages[0]["webSocketDebuggerUrl"])
        except (ClientConnectionError, IndexError):
            await asyncio.sleep(0.2)
    raise RuntimeError("the browser did not begin")
