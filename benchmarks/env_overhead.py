"""What a step costs beyond the browser's own screenshots and input, settling aside.

Every call that waits for the browser is timed on its own while real steps run; the rest of a
step, minus the pauses of settling, is our overhead.  Run: python benchmarks/env_overhead.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import env.browser_session as browser_session
from env import BrowserEnvironment, Click

PAGE = (
    "data:text/html,<style>button{position:absolute;left:40px;top:40px;width:300px;height:90px}"
    "</style><h1>Overhead</h1><button onclick='this.textContent=Math.random()'>0</button>"
)


class Stopwatch:
    """Adds up the seconds in which at least one wrapped call is under way."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._started = 0.0

    def wrap(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """`call`, timed."""

        async def timed(*args: Any, **options: Any) -> Any:
            if self._depth == 0:
                self._started = time.perf_counter()
            self._depth += 1
            try:
                return await call(*args, **options)
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self.seconds += time.perf_counter() - self._started

        return timed


class Pauses:
    """Stands for asyncio in our own module, so that only our own pauses are timed."""

    def __init__(self, watch: Stopwatch) -> None:
        self.sleep = watch.wrap(asyncio.sleep)

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


def measure(steps: int) -> dict[str, float]:
    """Median milliseconds of steps whose click changes the page, and of the parts of one."""
    watch = Stopwatch()
    whole: list[float] = []
    waiting: list[float] = []
    with BrowserEnvironment("about:blank") as browser:
        browser.evaluate("page => { document.write(decodeURI(page.slice(15))) }", PAGE)
        state = browser._loop.run(browser._session.active())
        session = browser._loop.run(state.session())
        session.send = watch.wrap(session.send)  # type: ignore[method-assign]
        state.page.mouse.click = watch.wrap(state.page.mouse.click)  # type: ignore[method-assign]
        state.page.wait_for_load_state = watch.wrap(state.page.wait_for_load_state)  # type: ignore[method-assign]
        browser_session.asyncio = Pauses(watch)  # type: ignore[attr-defined]
        for number in range(steps + 5):
            watch.seconds = 0.0
            started = time.perf_counter()
            result = browser.step(Click(100, 80))
            if number >= 5:
                whole.append(time.perf_counter() - started)
                waiting.append(watch.seconds)
            assert result.outcome == "changed", result
    ours = [a - b for a, b in zip(whole, waiting, strict=True)]
    return {
        "steps": steps,
        "step_ms": round(1000 * statistics.median(whole), 1),
        "browser_and_settling_ms": round(1000 * statistics.median(waiting), 1),
        "overhead_ms": round(1000 * statistics.median(ours), 1),
        "overhead_p95_ms": round(1000 * sorted(ours)[int(0.95 * len(ours))], 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    print(json.dumps(measure(parser.parse_args().steps)))
