"""What a flow runs in: its pages served on this machine, a fresh browser, its final state."""

from __future__ import annotations

import contextlib
import mimetypes
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .._siblings import env
from .suite import Flow

HOST = "127.0.0.1"
LONGEST_DELAY = 10.0
_JUDGE = """([checks, downloads, data]) => {
  if (typeof state === 'undefined') return null;
  const wrong = checks.find(check => {
    try {
      const holds = new Function('state', 'downloads', 'data', `return (${check})`);
      return !holds(state, downloads, data);
    } catch (error) { return true; }
  });
  return wrong ?? '';
}"""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a folder's pages, as long as the `with` block lasts.

    A request with `delay=SECONDS` in its query is answered that much later.
    """
    root = folder.resolve()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with a file of the folder."""
            parts = urlsplit(self.path)
            delay = parse_qs(parts.query).get("delay", ["0"])[0]
            if delay.replace(".", "", 1).isdigit():
                time.sleep(min(float(delay), LONGEST_DELAY))
            path = (root / unquote(parts.path).lstrip("/")).resolve()
            served = path.is_relative_to(root) and path.is_file() and path.suffix != ".yaml"
            body = path.read_bytes() if served else b"not found"
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            self.send_response(200 if served else 404)
            self.send_header("Content-Type", kind if served else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the browser may have gone elsewhere
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def open_flow(
    flow: Flow, address: str, downloads: Path, design: str | None = None
) -> env.BrowserEnvironment:
    """A fresh browser on the flow's start page, which may leave its origin under no condition."""
    start = flow.start
    if design:
        start += ("&" if "?" in start else "?") + f"design={design}"
    return env.BrowserEnvironment(
        f"{address}/{start.lstrip('/')}",
        policy=env.Policy.strict(upload_roots=(str(flow.folder),)),
        secrets={name: env.Secret(value, domains=[HOST]) for name, value in flow.secrets.items()},
        downloads_dir=str(downloads),
    )


def state_is_right(
    browser: env.BrowserEnvironment, flow: Flow, data: Mapping[str, Any]
) -> tuple[bool, str]:
    """Whether every check of the oracle holds now, and the first that does not.

    The state is that of the first open tab that has one.
    """
    seen = browser.observe()
    downloads = [file.name for file in seen.downloads if file.path is not None]
    for index in range(len(seen.tabs)):
        if len(seen.tabs) > 1:
            browser.step(env.SwitchTab(index))
        wrong = browser.evaluate(_JUDGE, [list(flow.oracle), downloads, dict(data)])
        if wrong is not None:
            return wrong == "", str(wrong)
    return False, "no open page has a `state`"
