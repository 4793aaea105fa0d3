"""The server of a run's page: on the loopback alone, behind a random token, with two addresses and no files."""

import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

from neurograph.errors import FileError, OptionError, reason

from ..runs import Run
from .changes import as_text, live_page, news

LOOPBACK = "127.0.0.1"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'",
}


class Watcher:
    """Serves the page of a run, and what is new in it as server-sent events.

    Nothing but the loopback is listened on. A request needs the random token in its path and this machine as its Host,
    so that no other page's script, by whatever name it calls this machine, is answered. There are two addresses, the
    page and its events; no part of a path ever names a file.

    Parameters
    ----------
    run
        The run.
    port
        To listen on; 0 takes a free one.
    title
        Of the page.

    Raises
    ------
    OptionError
        A port that cannot be listened on.
    """

    def __init__(self, run: Run, port: int = 0, title: str = "A run") -> None:
        self.run, self.title, self.token = run, title, secrets.token_urlsafe(24)
        self._stop = threading.Event()
        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), _handler(self))
        except (OSError, OverflowError) as error:
            raise OptionError(f"port={port} cannot be listened on: {reason(error)}") from None
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """The one that is listened on."""
        return self._server.server_address[1]

    @property
    def address(self) -> str:
        """Of the page, token included."""
        return f"http://{LOOPBACK}:{self.port}/{self.token}/"

    @property
    def stopped(self) -> bool:
        """Whether it was closed."""
        return self._stop.is_set()

    def serve(self) -> None:
        """Answer until `close`, or an interrupt."""
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self._stop.set()
            self._server.server_close()

    def close(self) -> None:
        """Stop answering; `serve`, in another thread, returns."""
        self._stop.set()
        self._server.shutdown()

    def page(self) -> str:
        """The page as it is now."""
        return live_page(self.run, self.title)


def _handler(watcher: Watcher) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30  # seconds for a request to come in
        server_version, sys_version = "neurograph", ""

        def do_GET(self) -> None:
            hosts = {f"{name}:{watcher.port}" for name in (LOOPBACK, "localhost")}
            if self.headers.get_all("Host", []) not in ([host] for host in hosts):
                self._refuse(403)
                return
            _, token, what = [*self.path.split("/", 2), "", ""][:3]
            if not secrets.compare_digest(token.encode("utf-8", "replace"), watcher.token.encode()):
                self._refuse(404)
                return
            what, _, known = what.partition("?")
            if what == "":
                self._page()
            elif what == "events":
                self._events(unquote_plus(known.removeprefix("known=")))
            else:
                self._refuse(404)

        def _page(self) -> None:
            try:
                text = watcher.page().encode()
            except (FileError, OptionError) as error:
                self._refuse(503, str(error))
                return
            self._begin(200, "text/html; charset=utf-8", len(text))
            self.wfile.write(text)

        def _events(self, known: str) -> None:
            self._begin(200, "text/event-stream")
            try:
                for event in news(watcher.run, known, lambda: watcher.stopped):
                    self.wfile.write(as_text(event))
                    self.wfile.flush()
            except OSError:
                pass  # the page was closed
            self.close_connection = True

        def _refuse(self, status: int, why: str = "") -> None:
            text = why.encode("utf-8", "replace")
            self._begin(status, "text/plain; charset=utf-8", len(text))
            self.wfile.write(text)

        def _begin(self, status: int, kind: str, length: int | None = None) -> None:
            self.send_response(status)
            for name, value in (_HEADERS | {"Content-Type": kind}).items():
                self.send_header(name, value)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the terminal shows the run's address alone."""

    return Handler
