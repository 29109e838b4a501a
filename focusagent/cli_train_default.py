"""`focusagent train default`: everything behind the default model, one stage after the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from . import cli_train_icons, cli_train_lines, cli_train_nano, cli_train_reader
from ._siblings import grounding
from .datagen.stamps import refuse_other
from .errors import UserError

# How the minutes are shared among the stages, in their order.
SHARES = {"reader": 0.35, "lines": 0.25, "icons": 0.15, "nano": 0.25}
MINUTES = 240
WEIGHTS = ("reader.safetensors", "lines.safetensors", "icons.safetensors")
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
        Path | None,
        typer.Option(
            "--from",
            help="Improve these: a folder with reader, lines and icons.safetensors, and nano/ if "
            "there is one, such as OUT/weights of an earlier run.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Train reader, line reader, icons and nano model, from nothing, in this order.

    4 hours on two CPU cores, and half an hour more to render pages and make lessons. Each stage is
    a command of its own (`focusagent train reader` ...); the weights come to OUT/weights, the nano
    model to OUT/weights/nano. `load_grounder("default", weights=OUT/weights)` uses them.
    """
    if device not in cli_train_nano.STEPS_A_MINUTE:
        raise UserError("--device is cpu or cuda")
    asked = {"minutes": minutes, "device": device, "seed": seed, "from": _digest(start)}
    out.mkdir(parents=True, exist_ok=True)
    known = _done(out, asked)
    done = known if resume else []
    _note(out, asked, done)
    for name, command in stages().items():
        if name in done:
            continue
        mine = round(minutes * SHARES[name], 3)
        typer.echo(f"{name}: {mine:g} minutes", err=True)
        options = {"device": device, "seed": seed, "resume": resume, **_options(name, out, start)}
        with redirect_stdout(sys.stderr):  # stdout is for what is said of all stages
            command(out=_folder(out, name), minutes=mine, **options)
        done.append(name)
        _note(out, asked, done)
    if as_json:
        spent = {name: round(minutes * share, 3) for name, share in SHARES.items()}
        typer.echo(json.dumps({"minutes": spent, "weights": str(out / "weights")}))
    else:
        typer.echo(f"weights: {out / 'weights'}")


def _digest(start: Path | None) -> str | None:
    """Return the digest of the weights to begin with; says which of them a folder lacks."""
    if start is None:
        return None
    files = [start / name for name in WEIGHTS]
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise UserError(f"{start} lacks {', '.join(missing)}: give a folder of weights")
    digest: str = grounding.training.digests.digest_of(files)
    return digest


def _note(out: Path, asked: dict[str, Any], done: list[str]) -> None:
    draft = out / "stages.draft"
    draft.write_text(json.dumps({"asked": asked, "done": done}), encoding="utf-8")
    draft.replace(out / _DONE)


def _done(out: Path, asked: dict[str, Any]) -> list[str]:
    """Return the stages that an earlier run finished; it has to be asked for the same.

    Otherwise the lessons of the last stage would turn out, after hours, to be of other weights.
    """
    path = out / _DONE
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known, done = dict(found["asked"]), [str(name) for name in found["done"]]
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} cannot be read: delete it, then --resume looks at what each stage left"
        ) from error
    refuse_other(known, asked, f"{out} holds another run")
    return done


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
    options: dict[str, Any] = {"export": weights}
    if name == "nano":
        begun = None if start is None else start / "nano"
        return options | {"weights": weights, "start": begun if begun and begun.is_dir() else None}
    return options | {"start": start and start / f"{name}.safetensors"}
