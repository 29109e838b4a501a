"""Writing a recorded flow as YAML and pictures that people review, edit and keep in git."""

from __future__ import annotations

import dataclasses
import functools
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from ..planner.intents import intent_to_json
from ..trace import save_bytes
from .loading import FORMAT
from .recording import Look, RecordedStep, Recording

HEAD = """\
# A flow recorded by focusagent; `focusagent replay {file}` carries it out again.
# The pictures of what it uses lie in {folder}/. Transparent parts are not compared.
# {{NAME}} stands for a param (the values here are those it was recorded with) or a secret.
"""


def save(recording: Recording, path: str | Path) -> Path:
    """Write a flow, its pictures first; each file is replaced whole or not at all."""
    file = Path(path)
    _save_pictures(recording, file, range(len(recording.steps)))
    folder = pictures_folder(file)
    head = HEAD.format(file=file.name, folder=folder.name)
    _write(file, (head + dump(_plain(recording, folder.name))).encode())
    return file


def save_steps(recording: Recording, path: str | Path, changed: Iterable[int]) -> Path:
    """Write these steps (by place) into the file; every other line stays as it is."""
    import yaml

    file = Path(path)
    text = file.read_text(encoding="utf-8").rstrip("\n") + "\n"
    _save_pictures(recording, file, changed)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    nodes = next(value for key, value in root.value if key.value == "steps").value
    lines = text.splitlines(keepends=True)
    for place in sorted(changed, reverse=True):
        first, end = nodes[place].start_mark.line, nodes[place].end_mark.line
        step = _plain_step(recording.steps[place], pictures_folder(file).name, place)
        indent = re.match(r" *", lines[first])
        assert indent is not None
        made = dump([step]).splitlines(keepends=True)
        kept = _trailing(lines[first:end])
        lines[first:end] = [indent[0] + line for line in made] + kept
    _write(file, "".join(lines).encode())
    return file


def pictures_folder(file: Path) -> Path:
    """Where the pictures of a flow lie."""
    return file.with_name(f"{file.stem}.patches")


def dump(data: Any) -> str:
    """Plain values as YAML in block style, keys in their order."""
    import yaml

    text: str = yaml.dump(data, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=100)
    return text


def png(image: Image.Image) -> bytes:
    """A picture as the bytes of a PNG, the same ones for the same pixels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _plain(recording: Recording, folder: str) -> dict[str, Any]:
    where = {"screen": "desktop"} if recording.screen == "desktop" else {"start": recording.start}
    return {
        "format": FORMAT,
        "name": recording.name,
        **where,
        "window": list(recording.window),
        "params": dict(recording.params),
        "secrets": list(recording.secrets),
        "plan": recording.plan,
        "instruction": recording.instruction,
        "steps": [_plain_step(step, folder, n) for n, step in enumerate(recording.steps)],
    }


def _plain_step(step: RecordedStep, folder: str, place: int) -> dict[str, Any]:
    looks = [_plain_look(look, folder, place, n) for n, look in enumerate(step.looks)]
    made: dict[str, Any] = {"step": step.text, "intent": intent_to_json(step.intent)}
    if step.answer:
        made["answer"] = step.answer
    if looks:
        made["looks"] = looks
    if step.proof:
        made["proof"] = [*step.proof]
    return made


def _plain_look(look: Look, folder: str, place: int, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for each in dataclasses.fields(look):
        held = getattr(look, each.name)
        if each.name == "picture":
            if held is not None:
                made["picture"] = f"{folder}/{_picture_name(place, number)}"
        elif held != each.default:
            made[each.name] = list(held) if isinstance(held, tuple) else held
    return made


def _picture_name(place: int, number: int) -> str:
    return f"{place + 1:02}-{number + 1}.png"


def _save_pictures(recording: Recording, file: Path, places: Iterable[int]) -> None:
    folder = pictures_folder(file)
    for place in places:
        for number, look in enumerate(recording.steps[place].looks):
            if look.picture is not None:
                _write(folder / _picture_name(place, number), png(look.picture))


def _trailing(lines: list[str]) -> list[str]:
    """The comments and empty lines that end a step's block: they belong to what follows."""
    kept: list[str] = []
    for line in reversed(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        kept.insert(0, line)
    return kept


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; one that is the same is left."""
    if not path.is_file() or path.read_bytes() != data:
        save_bytes(path, data)


@functools.cache
def _dumper() -> Any:
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        """Short lists of numbers on one line, texts of several lines as blocks."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, False)

    def sequence(dumper: Any, data: list[Any]) -> Any:
        flat = all(isinstance(each, int | float) for each in data)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)

    def text(dumper: Any, data: str) -> Any:
        style = "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(list, sequence)
    Dumper.add_representer(str, text)
    Dumper.ignore_aliases = lambda *_: True
    return Dumper
