"""`focusagent train default`: everything behind the default model, one stage after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from . import cli_train_icons, cli_train_lines, cli_train_nano, cli_train_reader
from .errors import UserError

# How the minutes are shared among the stages, in their order.
SHARES = {"reader": 0.35, "lines": 0.25, "icons": 0.15, "nano": 0.25}
MINUTES = 240
_DONE = "stages.json"


def register(train: typer.Typer) -> None:
    """Add the command to the group of trainers."""
    train.command()(default)


def stages() -> dict[str, Callable[..., None]]:
    """Return the command of each stage, in order."""
    return {
        "reader": cli_train_reader.reader,
        "lines": cli_train_lines.lines,
        "icons": cli_train_icons.icons,
        "nano": cli_train_nano.nano,
    }


def default(
    out: Annotated[
        Path, typer.Option(help="The folder; each stage has a folder of its own in it.")
    ],
    minutes: Annotated[
        float,
        typer.Option(
            min=1,
            help="For all stages together, on the reference machine: reader 35%, lines 25%, "
            "icons 15%, nano 25%.",
        ),
    ] = MINUTES,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    seed: Annotated[int, typer.Option()] = 0,
    resume: Annotated[
        bool, typer.Option(help="Leave out the stages that are done, go on with the one begun.")
    ] = False,
    start: Annotated[
        Path | None, typer.Option("--from", help="Improve what an earlier run left in its --out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Train reader, line reader, icons and nano model, from nothing, in this order.

    4 hours on two CPU cores, and half an hour more to render pages and make lessons. Each stage is
    a command of its own (`focusagent train reader` ...); the weights come to OUT/weights, the nano
    model to OUT/nano/model. Reading and icons are what the default model uses; see docs/nano.md.
    """
    if device not in cli_train_nano.STEPS_A_MINUTE:
        raise UserError("--device is cpu or cuda")
    if start is not None and not (start / "weights" / "reader.safetensors").is_file():
        raise UserError(f"{start} holds no weights/reader.safetensors: give the --out of a run")
    out.mkdir(parents=True, exist_ok=True)
    done: dict[str, float] = _done(out) if resume else {}
    for name, command in stages().items():
        mine = round(minutes * SHARES[name], 3)
        if done.get(name) == mine:
            continue
        typer.echo(f"{name}: {mine:g} minutes", err=True)
        options = _options(name, out, start)
        command(
            out=_folder(out, name), minutes=mine, device=device, seed=seed, resume=resume, **options
        )
        done[name] = mine
        (out / _DONE).write_text(json.dumps(done), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({"minutes": done, "weights": str(out / "weights")}))
    else:
        typer.echo(f"weights: {out / 'weights'}, nano model: {out / 'nano' / 'model'}")


def _done(out: Path) -> dict[str, float]:
    """Return the stages that an earlier run finished, and their minutes."""
    path = out / _DONE
    if not path.exists():
        return {}
    found: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _folder(out: Path, name: str) -> Path:
    """Return a stage's folder; all stages share the rendered pages."""
    folder, pages = out / name, out / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    pages.mkdir(exist_ok=True)
    if not (folder / "pages").exists():
        (folder / "pages").symlink_to(pages.resolve(), target_is_directory=True)
    return folder


def _options(name: str, out: Path, start: Path | None) -> dict[str, Any]:
    """Return what a stage is told besides: where weights go, and where they come from."""
    weights = out / "weights"
    if name == "nano":
        begun = None if start is None else start / "nano" / "model"
        return {"weights": weights, "start": begun if begun and begun.is_dir() else None}
    if name == "reader" and start is not None:
        return {"export": weights, "start": start / "weights" / "reader.safetensors"}
    return {"export": weights}
