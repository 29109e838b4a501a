"""`load_grounder`: from a name to something that grounds.

torch and transformers, seconds to import, are loaded only for specs that need them.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .compress import Compression, parse_compress
from .errors import BadBudget, BadCheckpoint, BadWeights
from .evidence import EvidenceProvider
from .plan import Budget, parse_budget
from .types import Grounder

if TYPE_CHECKING:
    from .icons import IconReader
    from .reader.reader import Reader


@dataclass(frozen=True)
class Options:
    """How a model is loaded and used; see `load_grounder`."""

    device: str = "cpu"
    dtype: str = "float32"
    attn: str = "sdpa"
    device_map: Any = None
    convention: str | None = None
    system: str | None = None
    one_deepstack_layer: bool = False
    evidence: EvidenceProvider | None = None
    weights: str | Path | None = None


def load_grounder(
    spec: str,
    *,
    keep: float | str | Budget | None = None,
    compress: str | None = None,
    **options: Any,
) -> Grounder:
    """Load the grounder that a spec names.

    A spec is "default" (comes with the package, works on any CPU), the folder of a checkpoint, a
    hub id, "http://host:port/v1 MODEL" (an OpenAI-compatible server), "module:Class" (your own
    class, called without arguments), or "tiny" (a tiny model with random weights, for trying things
    out). ``keep`` and ``compress`` say how many visual tokens survive; the other options are those
    of `Options`, of which the default model knows ``weights`` alone: a folder of other
    weights; a nano model is told by them, too.
    """
    try:
        chosen = Options(**options)
    except TypeError as error:
        known = ", ".join(Options.__dataclass_fields__)
        raise BadCheckpoint(f"unknown option for load_grounder: choose from {known}") from error
    if spec == "default":
        return _default(keep, compress, chosen)
    foreign = ":" in spec and not Path(spec).exists()
    if foreign and chosen.weights is not None:
        raise BadWeights(
            f"weights are for the default and the nano model: leave them out for {spec}"
        )
    if foreign and (keep, compress) != (None, None):
        raise BadBudget(
            f"{spec} keeps its weights to itself: leave keep and compress out, they need a model "
            "that is loaded here"
        )
    if spec.startswith(("http://", "https://")):
        return _server(spec, chosen)
    if foreign:
        return _own(spec)
    if spec == "tiny":
        return _tiny(parse_compress(compress, keep), chosen)
    folder = find_checkpoint(spec)
    from .folders import from_folder

    return from_folder(folder, parse_compress(compress, keep), chosen)


def load_readers(weights: Path | None = None) -> tuple[Reader, IconReader]:
    """Load what reads a screen and its icons: of the package, or of a folder of weights.

    The folder holds reader.safetensors, icons.safetensors and, for whole lines, lines.safetensors.
    """
    from .icons import IconReader
    from .reader.reader import Reader

    if weights is None:
        return Reader.load(), IconReader.load()
    lines = weights / "lines.safetensors"
    reader = Reader.load(weights / "reader.safetensors", lines if lines.exists() else None)
    return reader, IconReader.load(weights / "icons.safetensors")


def _default(keep: float | str | Budget | None, compress: object, options: Options) -> Grounder:
    from .grounders.default import DefaultGrounder

    if compress is not None:
        raise BadBudget(
            "the default model has no visual tokens to compress: leave compress out, it needs a "
            "checkpoint; keep alone shows which tokens a model would get"
        )
    budget = None if keep is None else parse_budget(keep)
    if options.weights is None:
        return DefaultGrounder(keep=budget)
    return DefaultGrounder(*load_readers(Path(options.weights)), keep=budget)


def _server(spec: str, options: Options) -> Grounder:
    from .grounders.server import ServerGrounder

    url, _, model = spec.partition(" ")
    return ServerGrounder(url, model or None, convention=options.convention)


def _own(spec: str) -> Grounder:
    module, _, name = spec.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BadCheckpoint(
            f"there is no class {name!r} in a module {module!r}: {error}"
        ) from error
    grounder: Grounder = made()
    lacking = [name for name in ("ground", "ground_many", "close") if not hasattr(grounder, name)]
    if lacking:
        raise BadCheckpoint(f"{spec} is no grounder: it has no {', no '.join(lacking)}")
    return grounder


def _tiny(compression: Compression, options: Options) -> Grounder:
    import tempfile

    from .folders import from_folder
    from .tiny import write_tiny

    with tempfile.TemporaryDirectory() as folder:
        return from_folder(write_tiny(Path(folder)), compression, options)


def find_checkpoint(spec: str) -> Path:
    """Return a folder, or that of a hub id, fetched if need be; safetensors and settings only."""
    if Path(spec).exists():
        return Path(spec)
    if spec.count("/") != 1 or spec.startswith((".", "/", "~")):
        raise BadCheckpoint(f"{spec} does not exist: give the folder of a checkpoint, or a hub id")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(spec, allow_patterns=["*.json", "*.safetensors", "*.txt", "*.jinja"])
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise BadCheckpoint(f"{spec} cannot be fetched from the hub: {error}") from error
