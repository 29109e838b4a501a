"""A run kept as a folder while it happens, and read back whole after a crash at any byte.

`run.jsonl` has one line for the start, one for each step and one for the end. A line is on the disk
before the next step begins, after the pictures that it names; a line without its end does not
count. See docs/trace.md.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ._siblings import env
from .errors import FocusagentError, UserError
from .history import FORMAT, Media, Run, Step, Usage

if TYPE_CHECKING:
    from ._siblings import grounding

LOG = "run.jsonl"
AUDIT = "audit.jsonl"
SCREENS = "screens"
LOOKS = "looks"
_BEGIN = b'{"kind": "start"'


def open_trace(folder: str | Path) -> FolderTrace:
    """Keep runs in this folder; those after the first go to `<folder>-2`, `<folder>-3` ..."""
    return FolderTrace(Path(folder))


class FolderTrace:
    """Keeps each run in a folder of its own; nothing that lies there already is overwritten."""

    def __init__(self, folder: Path) -> None:
        self._wanted = folder
        self._folder: Path | None = None  # of the run that is being kept
        self._size = 0  # of its log, up to the last whole line
        self._last: tuple[Image.Image, str] | None = None  # the newest picture and its name

    def on_start(self, run: Run) -> Run:
        """Claim a folder and write down what is wanted."""
        self._folder, self._size, self._last = None, 0, None
        folder = _claim(self._wanted)
        self._append(folder, {"kind": "start", "format": FORMAT, "run": _head(run)})
        self._folder = folder
        return dataclasses.replace(run, folder=str(folder))

    def on_step(self, step: Step, media: Media) -> Step:
        """Keep the pictures, then the line that names them.

        If the pictures do not fit on the disk, the step is kept without them.
        """
        folder = self._open_folder()
        try:
            for name, picture in (*_looks(step, media.groundings), *_screens(step, media)):
                _save(folder / name, picture)
            kept = dataclasses.replace(
                step,
                before=self._screen(folder, f"{step.number:04}-before.png", media.before),
                after=self._screen(folder, f"{step.number:04}-after.png", media.after),
            )
        except OSError:
            with contextlib.suppress(OSError):
                self._append(folder, {"kind": "step", "step": step.to_json()})
            raise
        self._append(folder, {"kind": "step", "step": kept.to_json()})
        return kept

    def on_end(self, run: Run) -> None:
        """Write down how it ended."""
        if self._folder is not None:
            self._append(self._folder, {"kind": "end", "run": _head(run)})

    def _open_folder(self) -> Path:
        if self._folder is None:
            raise OSError("no run was started")
        return self._folder

    def _screen(self, folder: Path, name: str, image: Image.Image) -> str:
        """Keep a screenshot; one that is the same as the last is kept once."""
        if self._last is None or self._last[0] is not image:
            path = f"{SCREENS}/{name}"
            _save(folder / path, image if image.mode == "RGB" else image.convert("RGB"))
            self._last = image, path
        return self._last[1]

    def _append(self, folder: Path, record: Mapping[str, Any]) -> None:
        """Add a whole line, or none."""
        # What is no Unicode (half a surrogate pair in a title) becomes its JSON escape.
        text = json.dumps(record, ensure_ascii=False) + "\n"
        line = text.encode("utf-8", "backslashreplace")
        with (folder / LOG).open("r+b", buffering=0) as file:
            file.seek(self._size)
            try:
                _write(file, line)
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(self._size)
                raise
        self._size += len(line)


def load_run(folder: str | Path) -> Run:
    """The run that a folder holds, up to its last completed step; pictures stay in their files."""
    root = Path(folder)
    try:
        data = (root / LOG).read_bytes()
    except OSError as error:
        raise UserError(_no_run(root)) from error
    *lines, rest = data.split(b"\n")
    if not lines and _BEGIN.startswith(rest[: len(_BEGIN)].rstrip(b"\0")):
        message = "it was interrupted before its first step"
        return Run(instruction="", message=message, folder=str(root))
    start = _record(lines[0]) if lines else None
    if start is None or start.get("kind") != "start":
        raise UserError(f"{root / LOG} is no trace of a run: give a folder that a run has written")
    run = dataclasses.replace(_run(start.get("run"), start.get("format")), folder=str(root))
    steps: list[Step] = []
    damage = ""
    for number, line in enumerate(lines[1:], start=2):
        record = _record(line)
        try:
            if record is not None and record["kind"] == "end":
                end = _run(record["run"], FORMAT)
                return dataclasses.replace(end, steps=tuple(steps), folder=str(root))
            steps.append(Step.from_json(record["step"]))  # type: ignore[index]
        except (KeyError, TypeError, ValueError, AttributeError, FocusagentError, env.EnvError):
            damage = f"; line {number} of its trace is damaged"
            break
    return _interrupted(run, steps, damage)


def write_report(run: Run, path: Path) -> Path:
    """Write a run as one HTML file, whole or not at all."""
    from .run_report import page

    save_bytes(path, page(run).encode("utf-8", "replace"))
    return path


def look_name(step: int, look: int, kind: str) -> str:
    """The file of what a step's look paid attention to: its "heat", or the tokens it "kept"."""
    return f"{LOOKS}/{step:04}-{look}-{kind}.png"


def screen_name(step: int, sight: int) -> str:
    """The file of the screen that a step's sight was on, where it is not the one before."""
    return f"{LOOKS}/{step:04}-{sight}-screen.png"


def look_pictures(found: grounding.Grounding) -> dict[str, Image.Image]:
    """Heat (weak to strong as black to white) and kept tokens (white), a pixel for each token."""
    pictures = {}
    heat = found.heat
    if heat is not None and heat.size and float(heat.max()) > 0:
        shares = np.clip(np.nan_to_num(heat / float(heat.max())), 0, 1)
        pictures["heat"] = Image.fromarray(np.rint(shares * 255).astype(np.uint8))
    if found.plan is not None:
        grid = found.plan.grid
        kept = found.plan.keep.reshape(grid.rows, grid.columns)
        pictures["kept"] = Image.fromarray(kept.astype(np.uint8) * 255)
    return pictures


def _looks(
    step: Step, groundings: tuple[grounding.Grounding, ...]
) -> Iterator[tuple[str, Image.Image]]:
    for number, found in enumerate(groundings, start=1):
        for kind, picture in look_pictures(found).items():
            yield look_name(step.number, number, kind), picture


def _screens(step: Step, media: Media) -> Iterator[tuple[str, Image.Image]]:
    for number, screen in enumerate(media.screens, start=1):
        if screen is not media.before:
            yield screen_name(step.number, number), screen.convert("RGB")


def _claim(wanted: Path) -> Path:
    """The first folder of this name, or with a number behind it, that holds no run yet."""
    for number in itertools.count(1):
        folder = wanted if number == 1 else Path(f"{wanted}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (folder / LOG).open("xb").close()
            return folder
    raise AssertionError("unreachable")


def _head(run: Run) -> dict[str, Any]:
    """Everything but the steps and the folder, which is where the trace lies now."""
    return {name: value for name, value in run.head().items() if name != "folder"}


def _save(path: Path, image: Image.Image) -> None:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # a step waits for this: speed before size
    save_bytes(path, buffer.getvalue())


def save_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb", buffering=0) as file:
            _write(file, data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _write(file: io.FileIO, data: bytes) -> None:
    """Bring all of the data to the disk."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _run(head: Any, version: Any) -> Run:
    if not isinstance(head, Mapping):
        raise UserError("this run is damaged: its trace does not begin with a run")
    return Run.from_json({"format": version, **head, "steps": []})


def _interrupted(run: Run, steps: list[Step], damage: str) -> Run:
    """A run without an end, as its recorder would have ended it after these steps."""
    from .agent.recorder import Recorder

    recorder = Recorder(run.instruction, None, str, None)
    nothing = Media(Image.new("1", (1, 1)), Image.new("1", (1, 1)))
    for step in steps:
        recorder.add(step, nothing)
    last = steps[-1] if steps else None
    after = f"its trace ends after step {last.number}" if last else "before its first step"
    url = last.url if last else ""
    message = f"it was interrupted: {after}{damage}"
    made = recorder.end("stopped", "failed", message, url=url, usage=Usage())
    seconds = last.at - run.at + last.seconds.get("total", 0.0) if last else 0.0
    return dataclasses.replace(
        made, seconds=round(max(0.0, seconds), 6), at=run.at, folder=run.folder, kept=()
    )


def _no_run(root: Path) -> str:
    """Why a folder cannot be read, and what to give instead."""
    inside = sorted(path.parent.name for path in root.glob(f"*/{LOG}")) if root.is_dir() else []
    if inside:
        names = ", ".join(inside[:3]) + (" ..." if len(inside) > 3 else "")
        return f"{root} holds {len(inside)} runs, not one: give one of its folders ({names})"
    why = "has no run.jsonl" if root.is_dir() else "is no folder"
    return f"{root} {why}: give the folder of a run, such as runs/<time>"
