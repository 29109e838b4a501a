"""Checkpoints under the names they were published with, and what is wrong with broken ones."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from grounding.errors import BadBudget, BadCheckpoint, BadImage, BadInstruction, GroundingError
from grounding.grounders.pointer import PointerGrounder
from grounding.loading import load_grounder
from grounding.tiny import Family, write_tiny
from grounding.types import Grounding, Point

PICTURE = Image.open(Path(__file__).parent / "data" / "reader" / "000001.png").convert("RGB")


def flat(name: str) -> str:
    """Name a tensor as transformers 4.45 to 4.57 wrote Qwen2-VL and Qwen2.5-VL."""
    return name.replace("model.visual.", "visual.").replace("model.language_model.", "model.")


def nested(name: str) -> str:
    """Name a tensor as classes derived from those of transformers 4.52 and later wrote it."""
    return name


@dataclass(frozen=True)
class Published:
    """How a checkpoint was published: its class and type, its tensors' names, tied embeddings."""

    name: str
    family: Family
    made_by: str
    kind: str
    rename: Callable[[str], str]
    tied: bool = False

    @property
    def scorer(self) -> bool:
        return self.name.startswith("FocusUI")


_FOCUS, _ACTOR = "FocusUI_Qwen2_5_VLForConditionalGeneration", "ForConditionalGenerationWithPointer"
PUBLISHED = [
    Published("FocusUI-3B", "qwen2.5", _FOCUS, "qwen2_5_vl", nested, tied=True),
    Published("FocusUI-3B-flat", "qwen2.5", _FOCUS, "focusui_3b", flat, tied=True),
    Published("FocusUI-7B", "qwen2.5", "FocusUIForConditionalGeneration", "focusui_7b", nested),
    Published("FocusUI-7B-flat", "qwen2.5", _FOCUS, "qwen2_5_vl", flat),
    Published("FocusUI-Qwen3-VL-2B", "qwen3", "FocusUI_Qwen3VLForConditionalGeneration", "focusui_qwen3vl_2b", nested, tied=True),
    Published("GUI-Actor-2B", "qwen2", "Qwen2VL" + _ACTOR, "qwen2_vl", flat, tied=True),
    Published("GUI-Actor-2B-nested", "qwen2", "Qwen2VL" + _ACTOR, "qwen2_vl", nested, tied=True),
    Published("GUI-Actor-3B", "qwen2.5", "Qwen2_5_VL" + _ACTOR, "qwen2_5_vl", flat, tied=True),
    Published("GUI-Actor-7B", "qwen2.5", "Qwen2_5_VL" + _ACTOR, "qwen2_5_vl", flat),
    Published("GUI-Actor-7B-nested", "qwen2.5", "Qwen2_5_VL" + _ACTOR, "qwen2_5_vl", nested),
]  # fmt: skip


def publish(plain: Path, folder: Path, row: Published) -> dict[str, torch.Tensor]:
    """Rewrite a tiny checkpoint as others published theirs; returns the tensors written."""
    shutil.copytree(plain, folder)
    tensors = {
        row.rename(name): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
        if (row.scorer or not name.startswith("patch_scorer."))
        and not (row.tied and name == "lm_head.weight")
    }
    whole = [
        {name: value for name, value in tensors.items() if name.startswith(("model.l", "model.n"))},
        {
            name: value
            for name, value in tensors.items()
            if not name.startswith(("model.l", "model.n"))
        },
    ]
    (folder / "model.safetensors").unlink()
    for number, part in enumerate(whole, 1):  # large ones come in several files with an index
        name = f"model-0000{number}-of-00002.safetensors"
        save_file(part, folder / name, metadata={"format": "pt"})
    index = {
        name: f"model-0000{n}-of-00002.safetensors"
        for n, part in enumerate(whole, 1)
        for name in part
    }
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": index})
    )
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "architectures": [row.made_by],
        "model_type": row.kind,
        "tie_word_embeddings": row.tied,
    }
    text = config.pop("text_config")
    rope = text.pop("rope_parameters")
    text["rope_theta"] = rope.pop("rope_theta")
    if row.family == "qwen3":
        text["rope_scaling"] = rope
    else:
        kind = (
            {"type": "mrope"} if row.rename is flat else {"type": "default", "rope_type": "default"}
        )
        text["rope_scaling"] = kind | {"mrope_section": rope["mrope_section"]}
    if row.rename is flat:  # settings of the language model stood at the top
        text.pop("model_type", None)
        config = text | config
    else:
        config["text_config"] = text
    (folder / "config.json").write_text(json.dumps(config))
    return tensors


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.name)
def test_published_names_load_whole(row: Published, tmp_path: Path) -> None:
    written = publish(write_tiny(tmp_path / "plain", row.family), tmp_path / "it", row)
    with load_grounder(str(tmp_path / "it"), keep=0.3) as grounder:
        assert isinstance(grounder, PointerGrounder)
        assert (grounder.eyes.scorer is not None) == row.scorer
        found = grounder.ground(PICTURE, "Save")
        state = grounder.eyes.backbone.model.state_dict()
        heads: dict[str, Any] = {"multi_patch_pointer_head": grounder._heads.pointer}
        if row.scorer:
            heads["patch_scorer"] = grounder.eyes.scorer
        for prefix, head in heads.items():
            state |= {f"{prefix}.{name}": value for name, value in head.state_dict().items()}
    used = {row.rename(name): tensor for name, tensor in state.items()}
    if row.tied:
        assert torch.equal(
            used.pop("lm_head.weight"), state["model.language_model.embed_tokens.weight"]
        )
    assert used.keys() == written.keys()
    assert all(torch.equal(used[name], tensor) for name, tensor in written.items())
    assert found.tokens is not None
    assert found.tokens.after == int(0.3 * found.tokens.before + 1e-9)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.name)
def test_published_settings_mean_the_same(row: Published, tmp_path: Path) -> None:
    """Whatever layout config.json has, rotary settings included, the answer is the same."""
    plain = write_tiny(tmp_path / "plain", row.family)
    publish(plain, tmp_path / "it", row)
    answers = [
        load_grounder(str(folder), compress="uigraph:0.4").ground(PICTURE, "Save")
        for folder in (plain, tmp_path / "it")
    ]
    heats = [answer.heat for answer in answers if answer.heat is not None]
    np.testing.assert_array_equal(heats[0], heats[1])


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


class Middle:
    """A grounder of one's own, as docs/grounding.md describes it."""

    def ground(self, image: Any, instruction: str) -> Grounding:
        return Grounding(instruction, Point(0.5, 0.5), None, 1.0)

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        return [self.ground(*item) for item in items]

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def test_tiny_by_name_and_your_own_class() -> None:
    with load_grounder("tiny") as grounder:
        assert grounder.ground(PICTURE, "Save").found
    with load_grounder(f"{__name__}:Middle") as grounder:
        assert grounder.ground(PICTURE, "Save").point == Point(0.5, 0.5)
    with pytest.raises(BadCheckpoint, match="decimal:Decimal is no grounder: it has no ground"):
        load_grounder("decimal:Decimal")


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
    ("unknown tensors", lambda folder: add(folder, "model.language_model.layers.9.oddity"), "has unknown tensors: model.language_model.layers.9.oddity"),
    ("unknown head tensors", lambda folder: add(folder, "patch_scorer.oddity"), "has unknown tensors: oddity"),
    ("a head of another size", lambda folder: add(folder, "multi_patch_pointer_head.layer_norm.bias"), "multi_patch_pointer_head does not fit"),
    ("a layer of another size", lambda folder: add(folder, "model.language_model.norm.weight"), "cannot be loaded"),
    ("no tokenizer", lambda folder: [(folder / name).unlink() for name in ("tokenizer.json", "tokenizer_config.json")], "cannot be loaded"),
    ("settings of a wrong kind", lambda folder: set_text(folder, "hidden_size", "wide"), "cannot be loaded"),
    ("settings that do not fit", lambda folder: set_text(folder, "num_attention_heads", 0), "cannot be loaded"),
    ("no object", lambda folder: (folder / "config.json").write_text("[]"), "config.json"),
]  # fmt: skip


def drop(folder: Path, pattern: str) -> None:
    tensors = load_file(folder / "model.safetensors")
    left = {name: value for name, value in tensors.items() if not re.fullmatch(pattern, name)}
    save_file(left, folder / "model.safetensors", metadata={"format": "pt"})


def retype(folder: Path, kind: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": kind, "architectures": ["LlamaForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(config))


def add(folder: Path, name: str) -> None:
    tensors = load_file(folder / "model.safetensors") | {name: torch.zeros(3)}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def set_text(folder: Path, name: str, value: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["text_config"][name] = value
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
        ("/no/such/folder", "does not exist"),
        ("nonsense", "does not exist"),
        ("no_such_module:Thing", "no class 'Thing'"),
    ],
)
def test_specs_that_name_nothing(spec: str, says: str) -> None:
    with pytest.raises(BadCheckpoint, match=says):
        load_grounder(spec)


def test_devices_and_numbers_that_are_not_there() -> None:
    with pytest.raises(BadCheckpoint, match="device 'nonsense' cannot be used") as caught:
        load_grounder("tiny", device="nonsense")
    assert "\n" not in str(caught.value)
    with pytest.raises(BadCheckpoint, match="dtype must be one of"):
        load_grounder("tiny", dtype="int3")
    with pytest.raises(BadCheckpoint, match="cannot be loaded"):
        load_grounder("tiny", attn="nonsense")


@pytest.mark.parametrize(("dtype", "attn"), [("bfloat16", "sdpa"), ("auto", "eager")])
def test_other_numbers_and_attention(dtype: str, attn: str, checkpoint: Path) -> None:
    with load_grounder(str(checkpoint), dtype=dtype, attn=attn, keep=0.3) as grounder:
        items = [(PICTURE, "Save"), (PICTURE.resize((200, 300)), "Cancel")]
        for answer in grounder.ground_many(items):
            assert answer.heat is not None
            assert float(answer.heat.sum()) == pytest.approx(1, abs=1e-3)


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
