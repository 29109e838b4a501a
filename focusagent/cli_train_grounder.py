"""`focusagent train scorer` and `focusagent train grounder`: FocusUI's two stages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from ._siblings import grounding
from .errors import UserError

if TYPE_CHECKING:
    from grounding.training.grounder import GrounderConfig  # noqa: TID251 - a type only
    from grounding.training.measure import Measured  # noqa: TID251 - a type only
    from grounding.training.records import Records  # noqa: TID251 - a type only
    from grounding.training.trainee import Trainee  # noqa: TID251 - a type only

_Model = Annotated[str, typer.Option(help="The checkpoint to start from: its folder.")]
_Files = Annotated[
    list[Path], typer.Option("--records", help="JSONL, or FocusUI's JSON; may be repeated.")
]
_Images = Annotated[
    Path | None, typer.Option(help="The folder of the pictures; else each file's own.")
]
_Out = Annotated[Path, typer.Option(help="The folder for checkpoint, curve, report and model.")]
_Check = Annotated[
    Path | None, typer.Option(help="Records to measure on, before and after; not trained on.")
]
_Steps = Annotated[int, typer.Option(min=1)]
_Batch = Annotated[int, typer.Option(min=1, help="Records a step, shared by all processes.")]
_Rate = Annotated[float, typer.Option(help="The highest learning rate.")]
_Seed = Annotated[int, typer.Option()]
_Labels = Annotated[Literal["paper", "released-code"], typer.Option(help="What the scorer learns.")]
_Device = Annotated[str, typer.Option(help="cpu or cuda.")]
_Dtype = Annotated[str, typer.Option(help="float32, bfloat16 or float16.")]
_Resume = Annotated[bool, typer.Option(help="Go on from the last checkpoint in --out.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def register(group: typer.Typer) -> None:
    """Add the commands to `focusagent train`."""
    group.command()(scorer)
    group.command("grounder")(whole)


def scorer(  # noqa: PLR0913 - each is an option of the command line
    model: _Model,
    records: _Files,
    out: _Out,
    images: _Images = None,
    check: _Check = None,
    steps: _Steps = 1000,
    batch: _Batch = 4,
    rate: _Rate = 1e-4,
    seed: _Seed = 0,
    labels: _Labels = "paper",
    device: _Device = "cpu",
    dtype: _Dtype = "float32",
    resume: _Resume = False,
    as_json: _Json = False,
) -> None:
    """Stage 1: teach the patch scorer which tokens matter; the language model is not even run."""
    _check_rate(rate)
    config = grounding.training.grounder.GrounderConfig(
        steps, "scorer", seed, batch, rate, preset=labels
    )
    _train(model, (records, images, check), config, out, (device, dtype, resume, as_json), {})


def whole(  # noqa: PLR0913 - each is an option of the command line
    model: _Model,
    records: _Files,
    out: _Out,
    images: _Images = None,
    check: _Check = None,
    steps: _Steps = 1000,
    batch: _Batch = 4,
    rate: _Rate = 1e-5,
    seed: _Seed = 0,
    labels: _Labels = "paper",
    keep: Annotated[
        str, typer.Option(help="Each record keeps a share of its tokens between these two.")
    ] = "0.1,1.0",
    lora: Annotated[int, typer.Option(min=0, help="Rank of adapters; 0 trains every weight.")] = 0,
    offset: Annotated[bool, typer.Option(help="Add a head for the place inside a token.")] = False,
    absence: Annotated[
        bool, typer.Option(help='Add a key for "nothing there" (records with "bbox": null).')
    ] = False,
    device: _Device = "cpu",
    dtype: _Dtype = "float32",
    resume: _Resume = False,
    as_json: _Json = False,
) -> None:
    """Stage 2: teach everything, or adapters, while tokens are dropped."""
    _check_rate(rate)
    config = grounding.training.grounder.GrounderConfig(
        steps, "all", seed, batch, rate, keep=_range(keep), lora=lora, preset=labels
    )
    heads = {"offset": offset, "none": absence}
    _train(model, (records, images, check), config, out, (device, dtype, resume, as_json), heads)


def _check_rate(rate: float) -> None:
    if not rate > 0:
        raise UserError("--rate must be above 0")


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    if not 0 < low <= high <= 1:
        raise UserError("--keep is two shares between 0 and 1: --keep 0.1,1.0")
    return low, high


def _train(
    model: str,
    data: tuple[list[Path], Path | None, Path | None],
    config: GrounderConfig,
    out: Path,
    how: tuple[str, str, bool, bool],
    heads: dict[str, Any],
) -> None:
    files, images, check = data
    device, dtype, resume, as_json = how
    training = grounding.training
    if not Path(model).is_dir():
        raise UserError(f"{model} is no folder: give the folder of a checkpoint")
    known = _records(files, images)
    checked = None if check is None else _records([check], images)
    trainee = training.trainee.load_trainee(
        Path(model), seed=config.seed, device=device, dtype=dtype, **heads
    )
    before = None if checked is None else training.measure.measure(trainee, checked)
    _run(trainee, known, config, out, resume)
    if not _is_first():
        return
    curve = training.checkpoints.checkpoint_state(out)["curve"]
    training.curves.draw_curves(curve, out / "curve.png")
    training.trainee.save_trainee(trainee, Path(model), out / "model")
    after = None if checked is None else training.measure.measure(trainee, checked)
    report = _report(known.digest, config, curve, (before, after))
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(report))
    else:
        typer.echo(f"trained {config.steps} steps: {out / 'model'}, curve: {out / 'curve.png'}")
        if before is not None and after is not None:
            typer.echo(f"accuracy by share of tokens: {before.accuracy} -> {after.accuracy}")
            typer.echo(f"recall of the target's tokens: {before.recall} -> {after.recall}")


def _records(files: list[Path], images: Path | None) -> Records:
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise UserError(f"{', '.join(missing)}: there is no such file of records")

    def complain(message: str) -> None:
        typer.echo(f"left out: {message}", err=True)

    return grounding.training.records.Records(files, images, complain)


def _run(
    trainee: Trainee, records: Records, config: GrounderConfig, out: Path, resume: bool
) -> None:
    """Train with a progress bar; a run that is resumed after its end has nothing left to do."""
    steps = grounding.training.grounder.train(trainee, records, config, out, resume=resume)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=config.steps)
        for point in steps:
            losses = "  ".join(f"{name} {value:.3f}" for name, value in point.loss.items())
            bar.update(task, completed=point.step, description=losses)


def _is_first() -> bool:
    """Whether this is the process that writes, of the several that `accelerate launch` starts."""
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


def _report(
    digest: str,
    config: GrounderConfig,
    curve: list[dict[str, Any]],
    measured: tuple[Measured | None, Measured | None],
) -> dict[str, Any]:
    before, after = (one and asdict(one) for one in measured)
    return {
        "config": asdict(config),
        "records_sha256": digest,
        "loss": curve[-1]["loss"],
        "seconds": curve[-1]["seconds"],
        "before": before,
        "after": after,
    }
