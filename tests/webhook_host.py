"""A host on this machine that webhooks are posted to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 20.0


class Host:
    """A host on this machine that answers with the codes it is given, 200 from then on."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.bodies: list[dict] = []
        self.held = threading.Event()
        self.held.set()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                host.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                host.held.wait(PATIENCE_S)
                code = host.codes.pop(0) if host.codes else 200
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook/s3cret-t0ken"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
