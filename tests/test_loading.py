"""Checkpoints under the names they were published with, and what is wrong with broken ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from grounding.errors import BadBudget, BadCheckpoint, BadImage, BadInstruction, GroundingError
from grounding.grounders.pointer import PointerGrounder
from grounding.loading import load_grounder
from grounding.tiny import Family, write_tiny
from grounding.types import Grounding

PICTURE = Image.open(Path(__file__).parent / "data" / "reader" / "000001.png").convert("RGB")


def before_4_52(name: str) -> str:
    """Name a tensor as transformers did before 4.52: one flat model beside the tower."""
    name = name.replace("model.visual.", "visual.")
    return name.replace("model.language_model.", "model.")


def after_4_52(name: str) -> str:
    """Name a tensor as transformers 4.52 and later did."""
    return name


# (what was published, family, class and type in its config, names of its tensors)
PUBLISHED: list[tuple[str, Family, str, str, Callable[[str], str]]] = [
    ("FocusUI-3B", "qwen2.5", "FocusUI_Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl", after_4_52),
    ("FocusUI-7B", "qwen2.5", "FocusUIForConditionalGeneration", "focusui_7b", after_4_52),
    ("FocusUI-2B", "qwen3", "FocusUI_Qwen3VLForConditionalGeneration", "focusui_qwen3vl_2b", after_4_52),
    ("GUI-Actor-2B", "qwen2", "Qwen2VLForConditionalGenerationWithPointer", "qwen2_vl", before_4_52),
    ("GUI-Actor-3B", "qwen2.5", "Qwen2_5_VLForConditionalGenerationWithPointer", "qwen2_5_vl", before_4_52),
    ("GUI-Actor-7B", "qwen2.5", "Qwen2_5_VLForConditionalGenerationWithPointer", "qwen2_5_vl", before_4_52),
]  # fmt: skip


def publish(
    folder: Path,
    family: Family,
    made_by: str,
    kind: str,
    rename: Callable[[str], str],
    *,
    scorer: bool,
) -> Path:
    """Write a tiny checkpoint with published names, flat text settings and an own model type."""
    write_tiny(folder, family)
    tensors = {
        rename(name): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
        if scorer or not name.startswith("patch_scorer.")
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config |= {"architectures": [made_by], "model_type": kind}
    if rename is before_4_52:  # settings of the text model stood at the top, the rope as mrope
        text = config.pop("text_config")
        text.pop("model_type", None)
        rope = text.pop("rope_parameters")
        text["rope_theta"] = rope["rope_theta"]
        text["rope_scaling"] = {"type": "mrope", "mrope_section": rope["mrope_section"]}
        config = text | config
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row[0])
def test_published_names_load_whole(row: Any, tmp_path: Path) -> None:
    name, family, made_by, kind, rename = row
    scorer = name.startswith("FocusUI")
    publish(tmp_path, family, made_by, kind, rename, scorer=scorer)
    with load_grounder(str(tmp_path), keep=0.3) as grounder:
        assert isinstance(grounder, PointerGrounder)
        assert (grounder.eyes.scorer is not None) == scorer
        found = grounder.ground(PICTURE, "Save")
        state = grounder.eyes.backbone.model.state_dict()
    written = load_file(tmp_path / "model.safetensors")
    for key, tensor in state.items():
        original = written.get(key, written.get(rename(key)))
        assert original is not None, key
        assert torch.equal(tensor, original), key
    assert found.point is not None
    assert found.tokens is not None
    assert found.tokens.after == int(0.3 * found.tokens.before + 1e-9)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


def same(one: Grounding, two: Grounding) -> bool:
    assert one.point is not None
    assert two.point is not None
    return abs(one.point.x - two.point.x) + abs(one.point.y - two.point.y) < 1e-4


def test_many_equal_one_by_one_and_share_the_picture(checkpoint: Path) -> None:
    other = PICTURE.resize((300, 500))
    items = [(PICTURE, "Save"), (other, "Cancel"), (PICTURE, "Delete"), (PICTURE, "Save")]
    with load_grounder(str(checkpoint), keep="mass:0.5:0.1-0.6") as grounder:
        together = grounder.ground_many(items)
        alone = [grounder.ground(*item) for item in items]
    assert all(same(*pair) for pair in zip(together, alone, strict=True))
    assert [answer.instruction for answer in together] == [text for _, text in items]
    assert same(together[0], together[3])


def test_an_answer_is_complete(checkpoint: Path) -> None:
    with load_grounder(str(checkpoint), keep=50) as grounder:
        found = grounder.ground(PICTURE, "Save")
    assert found.found
    assert found.plan is not None
    assert found.heat is not None
    assert found.box is not None
    assert found.point is not None
    assert found.box.contains(found.point)
    assert found.tokens == found.plan.tokens
    assert found.tokens.after == 50
    assert float(found.heat.sum()) == pytest.approx(1, abs=1e-4)
    assert not found.heat.ravel()[~found.plan.keep].any()
    assert set(found.seconds) == {"prepare", "encode", "score", "think", "point"}


@pytest.mark.parametrize(
    ("keep", "compress"), [(0.3, "uigraph"), (None, "uigraph:0.3"), (None, "focus:0.3")]
)
def test_budgets_by_either_name(checkpoint: Path, keep: float | None, compress: str) -> None:
    with load_grounder(str(checkpoint), keep=keep, compress=compress) as grounder:
        found = grounder.ground(PICTURE, "Save")
    assert found.tokens is not None
    assert found.tokens.after == int(0.3 * found.tokens.before)


def test_special_tokens_in_an_instruction_are_plain_text(checkpoint: Path) -> None:
    instruction = "<|image_pad|> and <|pointer_pad|><|im_end|>"
    with load_grounder(str(checkpoint), keep=0.5) as grounder:
        assert grounder.ground(PICTURE, instruction).found


@pytest.mark.parametrize("family", ["qwen2", "qwen2.5", "qwen3"])
def test_plain_models_answer_in_text(family: Family, tmp_path: Path) -> None:
    write_tiny(tmp_path, family, pointer=False)
    with load_grounder(str(tmp_path), compress="uigraph:0.2", convention="thousand") as grounder:
        items = [(PICTURE, "Save"), (PICTURE.resize((200, 300)), "Cancel")]
        together = grounder.ground_many(items)
        alone = [grounder.ground(*item) for item in items]
    for one, two in zip(together, alone, strict=True):
        assert one.answer is not None
        assert two.answer is not None
        assert one.answer.split("<|endoftext|>")[0] == two.answer.split("<|endoftext|>")[0]
        assert one.tokens is not None
        assert one.tokens.after == int(0.2 * one.tokens.before)


def test_a_plain_model_needs_its_convention(tmp_path: Path) -> None:
    write_tiny(tmp_path, pointer=False)
    with pytest.raises(GroundingError, match='plain models of this family: "resized"'):
        load_grounder(str(tmp_path))


class Scripted:
    """A model whose answer is known, in place of one that was trained."""

    def __init__(self, grounder: Any, answer: str) -> None:
        ids = grounder.eyes.tokenizer(answer).input_ids
        grounder.eyes.backbone.generate = lambda batch, **_: torch.tensor([ids] * len(batch.source))


@pytest.mark.parametrize(
    ("convention", "answer"),
    [("unit", "(0.25, 0.5)"), ("thousand", "x=250, y=500"), ("pixels", "[200, 260]")],
)
def test_answers_become_places(convention: str, answer: str, tmp_path: Path) -> None:
    write_tiny(tmp_path, pointer=False)
    with load_grounder(str(tmp_path), convention=convention) as grounder:
        Scripted(grounder, answer)
        found = grounder.ground(PICTURE, "Save")
        assert found.point is not None
        assert found.point.x == pytest.approx(0.25)
        assert found.point.y == pytest.approx(0.5)
        Scripted(grounder, "I see no such thing")
        assert not grounder.ground(PICTURE, "Save").found


def test_tiny_by_name_and_your_own_class() -> None:
    with load_grounder("tiny") as grounder:
        assert grounder.ground(PICTURE, "Save").found
    assert type(load_grounder("decimal:Decimal")).__name__ == "Decimal"


BROKEN: list[tuple[str, Callable[[Path], object], str]] = [
    ("no config", lambda folder: (folder / "config.json").unlink(), "no config.json"),
    ("damaged config", lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
    ("no weights", lambda folder: (folder / "model.safetensors").unlink(), "no safetensors"),
    ("damaged weights", lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99), "cannot be read"),
    ("no preprocessor", lambda folder: (folder / "preprocessor_config.json").unlink(), "preprocessor"),
    ("missing tensors", lambda folder: drop(folder, r"model\.language_model\.layers\.1\.mlp.*"), "lacks tensors: model.language_model.layers.1.mlp"),
    ("missing head tensors", lambda folder: drop(folder, r"multi_patch_pointer_head\.layer_norm.*"), "lacks tensors: layer_norm"),
    ("another family", lambda folder: retype(folder, "llama"), "'llama'"),
    ("pickles", lambda folder: pickled(folder), "pickled"),
]  # fmt: skip


def drop(folder: Path, pattern: str) -> None:
    tensors = load_file(folder / "model.safetensors")
    left = {name: value for name, value in tensors.items() if not re.fullmatch(pattern, name)}
    save_file(left, folder / "model.safetensors", metadata={"format": "pt"})


def retype(folder: Path, kind: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": kind, "architectures": ["LlamaForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(config))


def pickled(folder: Path) -> None:
    torch.save({}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize(
    ("do", "says"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_broken_checkpoints_get_one_sentence(
    do: Callable[[Path], object], says: str, tmp_path: Path
) -> None:
    write_tiny(tmp_path)
    do(tmp_path)
    with pytest.raises(BadCheckpoint) as caught:
        load_grounder(str(tmp_path))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("default", "does not come with this version"),
        ("/no/such/folder", "does not exist"),
        ("nonsense", "does not exist"),
        ("no_such_module:Thing", "no class 'Thing'"),
    ],
)
def test_specs_that_name_nothing(spec: str, says: str) -> None:
    with pytest.raises(BadCheckpoint, match=says):
        load_grounder(spec)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(BadCheckpoint, match="unknown option"):
        load_grounder("tiny", colour="red")


@pytest.mark.parametrize("keep", [0, 1.5, -1, "mass:2", "half", float("nan")])
def test_budgets_that_make_no_sense(keep: Any) -> None:
    with pytest.raises(BadBudget):
        load_grounder("tiny", keep=keep)
    with pytest.raises(BadBudget):
        load_grounder("tiny", keep=0.3, compress="focus:0.3")


def test_items_that_make_no_sense(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nonsense")
    with load_grounder(str(checkpoint)) as grounder:
        with pytest.raises(BadInstruction, match="empty"):
            grounder.ground(PICTURE, "  ")
        with pytest.raises(BadInstruction, match="characters"):
            grounder.ground(PICTURE, "x" * 5000)
        with pytest.raises(BadImage, match="needs a picture"):
            grounder.ground_many([(PICTURE, "Save"), (None, "Save")])
        with pytest.raises(BadImage, match="cannot be read"):
            grounder.ground(tmp_path / "broken.png", "Save")
        with pytest.raises(BadImage, match="longer than wide"):
            grounder.ground(Image.new("RGB", (20000, 20)), "Save")
        assert grounder.ground(Image.new("RGB", (1, 1)), "Save").found
        assert grounder.ground_many([]) == []
