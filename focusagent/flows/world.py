"""What a flow runs in: its pages served on this machine, a fresh browser, its final state."""

from __future__ import annotations

import contextlib
import mimetypes
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .._siblings import env
from ..errors import FocusagentError
from .suite import Flow

HOST = "127.0.0.1"
LONGEST_DELAY = 10.0
# A check as a page evaluates it, in its global scope. What throws since something is not there yet
# does not hold; a name that the page does not know says nothing about its state.
_CHECK = """async ([downloads, data]) => {
  try {
    let holds = (%s
    );
    if (typeof holds === 'function') {
      holds = holds(typeof state === 'undefined' ? undefined : state, downloads, data);
    }
    return {holds: !!(await holds)};
  } catch (error) {
    return {holds: false, unknown: error instanceof ReferenceError ? String(error) : ''};
  }
}"""
_HAS_STATE = "() => typeof state !== 'undefined'"


class OracleError(FocusagentError):
    """No open page can evaluate an oracle: whether the state is right is not known."""


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
            path = path / "index.html" if path.is_dir() else path
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
    start = urlsplit(flow.start)
    if design:
        start = start._replace(query="&".join(filter(None, [start.query, f"design={design}"])))
    return env.BrowserEnvironment(
        f"{address}/{start.geturl()}",
        policy=env.Policy.strict(upload_roots=(str(flow.folder),)),
        secrets={name: env.Secret(value, domains=[HOST]) for name, value in flow.secrets.items()},
        downloads_dir=str(downloads),
    )


def state_is_right(
    browser: env.BrowserEnvironment, flow: Flow, data: Mapping[str, Any]
) -> tuple[bool, str]:
    """Whether every check of the oracle holds now, and the first that does not.

    Asked are the open tabs that have a `state`, then the active one, then the others, until one
    can answer; `OracleError` if none can.
    """
    try:
        seen = browser.observe()
        downloads = [file.name for file in seen.downloads if file.path is not None]
        return _judged(browser, seen.tabs, flow.oracle, [downloads, dict(data)])
    except env.EnvError as error:  # the browser is gone, or the page hangs
        raise OracleError(f"the oracle cannot be evaluated: {error}") from error


def _judged(
    browser: env.BrowserEnvironment, tabs: Sequence[Any], checks: Sequence[str], values: list[Any]
) -> tuple[bool, str]:
    def rank(index: int) -> tuple[bool, bool, int]:
        _show(browser, index, tabs)
        has = bool(browser.evaluate(_HAS_STATE))
        return not has, not has and not tabs[index].active, index

    problem = OracleError("the oracle cannot be evaluated: no page is open")
    active = next((index for index, tab in enumerate(tabs) if tab.active), 0)
    for index in sorted(range(len(tabs)), key=rank):
        _show(browser, index, tabs)
        try:
            wrong = _first_wrong(browser, checks, values)
        except OracleError as error:
            problem = error
        else:
            return not wrong, wrong
        finally:
            _show(browser, active, tabs)
    raise problem


def _show(browser: env.BrowserEnvironment, index: int, tabs: Sequence[Any]) -> None:
    if len(tabs) > 1:
        browser.step(env.SwitchTab(index))


def _first_wrong(browser: env.BrowserEnvironment, checks: Sequence[str], values: list[Any]) -> str:
    """The first check that does not hold in the active tab; empty if all do."""
    for check in checks:
        try:
            answer = browser.evaluate(_CHECK % check.strip().rstrip(";"), values)
        except env.EnvError as error:  # it is no expression, or the page answers nothing at all
            raise OracleError(f"the oracle cannot be evaluated: {check}: {error}") from error
        if answer.get("unknown"):
            raise OracleError(f"the oracle cannot be evaluated: {check}: {answer['unknown']}")
        if not answer["holds"]:
            return check
    return ""
