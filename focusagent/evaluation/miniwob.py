"""MiniWoB++ as a measure of pointing: one picture, the instruction as it is, one click."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from .._siblings import env
from ..errors import UserError
from .models import Pointing
from .reports import draw_answer, file_name
from .statistics import Share, quantile

if TYPE_CHECKING:
    from env import Observation  # noqa: TID251 - a type only
    from env.miniwob import MiniwobEnvironment  # noqa: TID251 - a type only

BASELINES = ("chance", "chance_elements", "oracle")
# The middles of all elements that can be seen, in CSS pixels, small elements first.
_MIDDLES = """
([wide, tall]) => {
  const found = new Map();
  for (const element of document.querySelectorAll('body *')) {
    for (const box of element.getClientRects()) {
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      if (x <= 0 || y <= 0 || x >= wide || y >= tall) continue;
      if (!element.contains(document.elementFromPoint(x, y))) continue;
      const area = box.width * box.height;
      const key = [x, y].join();
      if (!found.has(key) || found.get(key)[2] > area) found.set(key, [x, y, area]);
      break;
    }
  }
  return [...found.values()].sort((a, b) => a[2] - b[2]).map(([x, y]) => [x, y]);
}
"""


class Records:
    """The rows of a JSONL file by task and seed; without a file, they are kept in memory.

    Rows with another fingerprint are of another model or version: they stay, and do not count.
    """

    def __init__(self, path: Path | None, fingerprint: str) -> None:
        self._path, self._fingerprint = path, fingerprint
        self._rows: dict[tuple[str, int], dict[str, Any]] = {}
        if path is not None and path.is_file():
            for number, line in enumerate(path.read_bytes().splitlines(), 1):
                try:
                    row = json.loads(line)
                    key = row["task"], row["seed"]
                    if row.get("fingerprint") == fingerprint:
                        self._rows[key] = row
                except (ValueError, TypeError, KeyError) as error:
                    raise UserError(
                        f"{path}, line {number}: no result of an episode; remove the file"
                    ) from error

    def get(self, task: str, seed: int, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the row of an episode; it is made if there is none."""
        if (task, seed) not in self._rows:
            row = {"task": task, "seed": seed, **make(), "fingerprint": self._fingerprint}
            self._rows[task, seed] = row
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("ab", buffering=0) as file:
                    file.write(f"{json.dumps(row, ensure_ascii=False)}\n".encode())
        return self._rows[task, seed]


def task_names(chosen: str) -> tuple[str, ...]:
    """Return the tasks that "oneclick" or a list of names with commas means."""
    names = [name.strip() for name in chosen.split(",") if name.strip()]
    if not names:
        raise UserError("name a task: --tasks oneclick, or names with commas")
    tasks = [task for name in names for task in _tasks_of(name)]
    return tuple(dict.fromkeys(tasks))


def _tasks_of(name: str) -> Sequence[str]:
    if name == "oneclick":
        return env.miniwob.ONECLICK
    env.miniwob.task_url(name)  # complains of what it does not know
    return (name,)


def won(world: MiniwobEnvironment, x: float, y: float) -> bool:
    """Click a place of the picture and tell whether the page pays for it."""
    world.step(env.Click(x, y))
    return world.done and world.reward > 0


def baselines(world: MiniwobEnvironment, task: str, seed: int) -> dict[str, Any]:
    """Return whether a random place, a random element, and any single element wins an episode."""
    rng = random.Random(f"{task} {seed}")
    seen = world.reset(task=task, seed=seed)
    anywhere = won(world, rng.random() * seen.image.width, rng.random() * seen.image.height)
    tried: list[bool] = []
    number = 0
    elements = _elements(world, world.reset())
    lucky = rng.randrange(len(elements)) if elements else 0
    while number < len(elements) and not (any(tried) and number > lucky):
        tried.append(won(world, *elements[number]))
        number += 1
        elements = _elements(world, world.reset())
    return {
        "utterance": world.utterance,
        "chance": anywhere,
        "chance_elements": bool(tried) and lucky < len(tried) and tried[lucky],
        "oracle": any(tried),
    }


def _elements(world: MiniwobEnvironment, seen: Observation) -> list[tuple[float, float]]:
    """Return the middles of what can be seen, in pixels of the picture."""
    (wide, tall), (across, down) = seen.viewport, seen.scale
    middles = world.browser.evaluate(_MIDDLES, [wide, tall])
    return [(x * across, y * down) for x, y in middles]


def play(
    model: Pointing, world: MiniwobEnvironment, task: str, seed: int, pictures: Path | None = None
) -> dict[str, Any]:
    """Show a model one picture, click where it points, and return what came of it."""
    seen = world.reset(task=task, seed=seed)
    start = time.perf_counter()
    spot = model.point(model.look(seen.image), world.utterance)
    seconds = time.perf_counter() - start
    point = (spot[0] * seen.image.width, spot[1] * seen.image.height) if spot else None
    success = point is not None and won(world, *_inside(point, seen.image.size))
    if not success and pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        picture = seen.image.copy()
        draw_answer(picture, world.utterance, None, point)
        picture.save(pictures / f"{task}-{seed}.png")
    return {
        "utterance": world.utterance,
        "point": point,
        "success": success,
        "seconds": round(seconds, 4),
    }


def _inside(point: tuple[float, float], size: tuple[int, int]) -> tuple[float, float]:
    """Return a point that may lie on the far border as one of the last pixel."""
    return min(point[0], size[0] - 1), min(point[1], size[1] - 1)


def evaluate(
    model: Pointing,
    name: str,
    world: MiniwobEnvironment,
    episodes: Iterable[tuple[str, int]],
    out: Path | None = None,
    progress: Callable[[], None] = lambda: None,
    fingerprint: str = "",
) -> dict[str, Any]:
    """Play every episode, and measure chance and oracle on it, where ``out`` does not tell yet.

    What ``out`` tells of a model with another fingerprint does not count.
    """
    known = Records(out and out / "baselines.jsonl", pages_fingerprint())
    played = Records(out and out / f"{file_name(name)}.jsonl", fingerprint)
    pictures = out and out / f"{file_name(name)}-misses"
    rows = []
    for task, seed in episodes:
        base = known.get(task, seed, lambda t=task, s=seed: baselines(world, t, s))  # type: ignore[misc]
        mine = played.get(
            task,
            seed,
            lambda t=task, s=seed: play(model, world, t, s, pictures),  # type: ignore[misc]
        )
        rows.append({**base, **mine})
        progress()
    return summarize(rows)


def pages_fingerprint() -> str:
    """Return what baselines depend on: this package's version, and that of the pages."""
    try:
        pages = version("miniwob")
    except PackageNotFoundError:
        pages = "none"
    return f"focusagent {__version__}, miniwob {pages}"


def summarize(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return shares of episodes won, over all and by task, as one JSON-ready object."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_task.setdefault(row["task"], []).append(row)
    seconds = [row["seconds"] for row in rows]
    return {
        **_shares(rows),
        "refused": sum(row["point"] is None for row in rows),
        "seconds": {
            "median": round(quantile(seconds, 0.5), 4),
            "p95": round(quantile(seconds, 0.95), 4),
        },
        "tasks": {task: _shares(group) for task, group in by_task.items()},
    }


def _shares(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shares = {
        name: Share.of(sum(bool(row[name]) for row in rows), len(rows)).as_dict()
        for name in ("success", *BASELINES)
    }
    return {"n": len(rows), **shares}
