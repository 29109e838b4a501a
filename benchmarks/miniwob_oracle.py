"""Find by brute force the one click that solves each one-click MiniWoB++ task.

Every element is tried: the page is loaded anew with the same seed and the element's middle clicked,
until one is rewarded. What is kept is the element, not the point, for fonts differ between machines
and move things. Seeds count up from 0; those that no single click solves (the link is behind
another tab) are left out and reported. Plain Playwright, on purpose: our own environment is tested
against what comes out.

    python benchmarks/miniwob_oracle.py --seeds 3 --out tests/data/miniwob_oracle.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from env.chromium import find_browser, runs_as_root
from env.miniwob import AREA, ONECLICK, START, VIEWPORT, task_url

_MIDDLE = f"""
const middle = element => {{
  for (const box of element.getClientRects()) {{
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const inside = x > 0 && y > 0 && x < {AREA[0]} && y < {AREA[1]};
    if (inside && element.contains(document.elementFromPoint(x, y))) return [x, y];
  }}
  return null;
}};
const elements = [...document.querySelectorAll('body *')];
"""
MIDDLE = f"index => {{{_MIDDLE} return middle(elements[index]); }}"
"""JavaScript: where to click an element, by its place among all elements of the page."""

_CANDIDATES = f"""
() => {{
  {_MIDDLE}
  const size = element => {{
    const box = element.getBoundingClientRect();
    return box.width * box.height;
  }};
  const found = new Map();
  for (const element of elements.filter(middle).sort((a, b) => size(a) - size(b))) {{
    const key = middle(element).join();
    if (!found.has(key)) found.set(key, elements.indexOf(element));
  }}
  return [...found.values()];
}}
"""
_WON = "WOB_DONE_GLOBAL && WOB_RAW_REWARD_GLOBAL === 1"


def begin(page: Page, task: str, seed: int) -> str:
    """Start the episode, wait until the page holds still, and return its instruction."""
    page.goto(task_url(task))
    told: Any = page.evaluate(START, seed)
    before = b""
    while before != (before := page.screenshot()):  # icons arrive late and move things
        page.wait_for_timeout(20)
    return str(told["utterance"])


def solve(page: Page, task: str, seed: int) -> dict[str, Any] | None:
    """The first element whose click is rewarded, smallest first; None when there is none."""
    utterance = begin(page, task, seed)
    for element in page.evaluate(_CANDIDATES):
        begin(page, task, seed)
        page.mouse.click(*page.evaluate(MIDDLE, element))
        if page.evaluate(_WON):
            return {"task": task, "seed": seed, "utterance": utterance, "element": element}
    return None


def solve_seeds(page: Page, task: str, wanted: int) -> list[dict[str, Any]]:
    """The winning clicks of the first `wanted` seeds that have one."""
    began = time.monotonic()
    clicks, left_out = [], []
    for seed in range(10 * wanted):
        click = solve(page, task, seed)
        if click:
            clicks.append(click)
        else:
            left_out.append(seed)
        if len(clicks) == wanted:
            note = f", seeds left out: {left_out}" if left_out else ""
            print(f"{task:24} {time.monotonic() - began:5.1f} s{note}", file=sys.stderr)
            return clicks
    raise SystemExit(f"{task}: one click solves only {len(clicks)} of {10 * wanted} seeds")


def search(tasks: Sequence[str], wanted: int) -> list[dict[str, Any]]:
    """The winning clicks of every task, for `wanted` seeds each."""
    executable = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, chromium_sandbox=not runs_as_root()
        )
        page = browser.new_page(viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]})
        clicks = [click for task in tasks for click in solve_seeds(page, task, wanted)]
        browser.close()
    return clicks


def main() -> None:
    """Search, then write the fixture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds a task")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args()
    clicks = search(ONECLICK, options.seeds)
    fixture = {
        "command": f"python benchmarks/miniwob_oracle.py --seeds {options.seeds} "
        f"--out {options.out.as_posix()}",
        "clicks": clicks,
    }
    lines = json.dumps(fixture, ensure_ascii=False)
    options.out.write_text(lines.replace('{"task"', '\n{"task"') + "\n", encoding="utf-8")
    print(f"{len(clicks)} winning clicks in {options.out}")


if __name__ == "__main__":
    main()
