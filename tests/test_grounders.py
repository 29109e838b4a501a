"""Grounders as a whole: models that point, models that write, and the hooks around either."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pytest
import torch
from PIL import Image

from grounding import Reader
from grounding.backbones.compact import Prompt
from grounding.errors import GroundingError
from grounding.evidence import ReaderEvidence
from grounding.grid import Preprocessing, preprocess
from grounding.grounders.conventions import read_place
from grounding.grounders.hooks import Averaged, Verified, Zoomed
from grounding.grounders.pointer import PointerGrounder
from grounding.grounders.prompts import ANSWERS, PointerPrompt, text_ids
from grounding.grounders.text import TextGrounder
from grounding.loading import load_grounder
from grounding.pointer import NoneKey, OffsetHead
from grounding.tiny import Family, write_tiny
from grounding.types import Box, Candidate, Grounder, Grounding, Point

PICTURE = Image.open(Path(__file__).parent / "data" / "reader" / "000001.png").convert("RGB")
FAMILIES: list[tuple[Family, str]] = [
    ("qwen2", "thousand"), ("qwen2.5", "resized"), ("qwen3", "thousand"),
]  # fmt: skip


def pointer_model(folder: Path, family: Family = "qwen2.5", **options: Any) -> PointerGrounder:
    made = load_grounder(str(write_tiny(folder, family)), **options)
    assert isinstance(made, PointerGrounder)
    return made


@pytest.mark.parametrize("family", ["qwen2", "qwen2.5", "qwen3"])
def test_the_pointer_equals_the_stock_model(family: Family, tmp_path: Path) -> None:
    """Nothing dropped: the plain forward pass, and the head as its equations say, by hand."""
    with pointer_model(tmp_path, family) as grounder:
        found = grounder.ground(PICTURE, "Save")
        eyes = grounder.eyes
        model, head = eyes.backbone.model, grounder._heads.pointer
        pixels, grid = preprocess(PICTURE, Preprocessing.from_folder(tmp_path))
        ids = torch.tensor([grounder._prompt.ids(eyes.tokenizer, grid.count, "Save")])
        with torch.inference_mode():
            thw = torch.tensor([grid.thw])
            kinds = (ids == model.config.image_token_id).int()
            out = model.model(
                input_ids=ids, pixel_values=torch.from_numpy(pixels), image_grid_thw=thw,
                mm_token_type_ids=kinds,
            )  # fmt: skip
            towers = model.model.get_image_features(torch.from_numpy(pixels), thw)
            keys = torch.cat(list(towers.pooler_output))
            query = out.last_hidden_state[0, -1]
            attended, _ = torch.nn.functional.multi_head_attention_forward(
                keys[:, None], keys[:, None], keys[:, None], 64, head.self_attention.heads,
                head.self_attention.in_proj_weight, head.self_attention.in_proj_bias, None, None,
                False, 0.0, head.self_attention.out_proj.weight, head.self_attention.out_proj.bias,
            )  # fmt: skip
            encoded = head.projection_enc(head.layer_norm(keys + attended[:, 0]))
            heat = (encoded @ head.projection_dec(query) / 64**0.5).softmax(-1)
    assert found.heat is not None
    np.testing.assert_allclose(found.heat.ravel(), heat.numpy(), atol=1e-6)


@pytest.mark.parametrize("family", ANSWERS)
def test_the_prompt_ends_at_the_query(family: str, tmp_path: Path) -> None:
    with pointer_model(tmp_path) as grounder:
        tokenizer = grounder.eyes.tokenizer
        ids = PointerPrompt(family).ids(tokenizer, 3, "Save <|pointer_pad|><|image_pad|>")
    assert ids.count(tokenizer.convert_tokens_to_ids("<|image_pad|>")) == 3
    pad = tokenizer.convert_tokens_to_ids("<|pointer_pad|>")
    assert (ids.count(pad), ids[-1]) == (1, pad)


def test_evidence_guides_what_survives(tmp_path: Path) -> None:
    reader = Reader.load()
    provider = ReaderEvidence(reader)
    line = next(line for line in reader.look(PICTURE).lines() if len(line.text) > 5)
    with pointer_model(tmp_path, keep=0.1, evidence=provider) as grounder:
        plan = grounder.ground(PICTURE, f'click "{line.text}"').plan
    assert plan is not None
    assert plan.keep[plan.grid.token_at(line.box.center)]


def test_a_none_key_can_say_that_nothing_is_there(tmp_path: Path) -> None:
    with pointer_model(tmp_path) as grounder:
        grounder._heads = replace(grounder._heads, none=NoneKey(64).eval())
        none = grounder._heads.none
        assert none is not None
        likely = grounder.ground(PICTURE, "Save")
        none.set_threshold(0.0)
        answer = grounder.ground(PICTURE, "Save")
    assert likely.found
    assert (answer.found, answer.box) == (False, None)
    assert 0 < answer.confidence < 1
    assert answer.alternatives[0].point == likely.point


def test_an_offset_moves_the_point_inside_its_token(tmp_path: Path) -> None:
    offset = OffsetHead(64).eval()
    torch.nn.init.constant_(offset.out.bias, 0.3)
    with pointer_model(tmp_path) as grounder:
        grounder._heads = replace(grounder._heads, offset=offset)
        found = grounder.ground(PICTURE, "Save")
    assert found.point is not None
    assert found.plan is not None
    assert found.heat is not None
    grid = found.plan.grid
    token = grid.token_at(found.point)
    assert token == int(found.heat.argmax())
    middle = grid.token_box(token).center
    moved = 0.5 * float(np.tanh(0.3))
    assert (found.point.x - middle.x) * grid.columns == pytest.approx(moved, abs=1e-5)
    assert (found.point.y - middle.y) * grid.rows == pytest.approx(moved, abs=1e-5)


@pytest.mark.parametrize(("family", "convention"), FAMILIES)
def test_text_models_equal_stock_generation(
    family: Family, convention: str, tmp_path: Path
) -> None:
    """Nothing dropped: the answer is what transformers' own generate() makes of the prompt."""
    write_tiny(tmp_path, family, pointer=False)
    with load_grounder(str(tmp_path), convention=convention) as grounder:
        assert isinstance(grounder, TextGrounder)
        grounder._longest = 12
        together = grounder.ground_many([(PICTURE, "Save"), (PICTURE.resize((90, 60)), "Cancel")])
        eyes = grounder.eyes
        pixels, grid = preprocess(PICTURE, eyes.how)
        ids = torch.tensor([text_ids(eyes.tokenizer, grid.count, "Save", convention)])
        kinds = (ids == eyes.backbone.model.config.image_token_id).int()
        made = eyes.backbone.model.generate(
            input_ids=ids, pixel_values=torch.from_numpy(pixels), mm_token_type_ids=kinds,
            image_grid_thw=torch.tensor([grid.thw]), max_new_tokens=12, do_sample=False,
        )[0, ids.shape[1] :]  # fmt: skip
    assert together[0].answer == eyes.tokenizer.decode(made, skip_special_tokens=False)
    assert together[0].tokens is not None
    assert together[0].tokens.before == together[0].tokens.after == grid.count


def test_text_models_are_compressed_too(tmp_path: Path) -> None:
    write_tiny(tmp_path, pointer=False)
    with load_grounder(str(tmp_path), convention="resized", keep=0.3) as grounder:
        assert isinstance(grounder, TextGrounder)
        grounder._longest = 8
        items = [(PICTURE, "Save"), (PICTURE.resize((300, 700)), "Cancel")]
        together = grounder.ground_many(items)
        alone = [grounder.ground(*item) for item in items]
        eyes = grounder.eyes
        plan = together[0].plan
        assert plan is not None
        pixels, grid = preprocess(PICTURE, eyes.how)
        assert plan.provenance == "focus"
        ids = text_ids(eyes.tokenizer, grid.count, "Save", "resized")
        encoded = eyes.backbone.encode([pixels], [grid])
        for _ in range(8):  # without a cache, a whole pass for every token
            with torch.inference_mode():
                batch = eyes.backbone.compact([Prompt(ids, (0,))], encoded, [plan], eyes.marker)
                states = eyes.backbone.hidden(batch)
                ids = [*ids, int(eyes.backbone.model.lm_head(states[0, -1]).argmax())]
    written = eyes.tokenizer.decode(ids[-8:], skip_special_tokens=False)
    assert (together[0].answer or "") == written
    assert [answer.answer for answer in alone] == [answer.answer for answer in together]
    assert together[0].tokens is not None
    assert together[0].tokens.after == int(0.3 * grid.count)


def test_an_answer_stops_where_the_model_stopped(tmp_path: Path) -> None:
    """In a batch the shorter answer is padded; the padding is no part of it."""
    write_tiny(tmp_path, pointer=False)
    with load_grounder(str(tmp_path), convention="resized") as grounder:
        assert isinstance(grounder, TextGrounder)
        grounder._longest = 6
        items = [(PICTURE, "Save"), (PICTURE.rotate(90), "x")]
        long = [grounder.ground(*item).answer or "" for item in items]
        eyes = grounder.eyes
        written = [eyes.tokenizer(answer).input_ids for answer in long]
        # The token that only the second answer holds becomes one that ends answers.
        end = next(token for token in written[1] if token not in written[0])
        eyes.backbone.model.generation_config.eos_token_id = [end]
        first, second = (answer.answer for answer in grounder.ground_many(items))
    assert first == long[0]
    assert second == eyes.tokenizer.decode(written[1][: written[1].index(end)])


class Spoken:
    """A grounder as a user may bring one: answers from a function of picture and instruction."""

    def __init__(self, answer: Callable[[Any, str], Grounding]) -> None:
        self.answer, self.asked, self.closed = answer, list[tuple[Any, str]](), False

    def ground(self, image: Any, instruction: str) -> Grounding:
        return self.ground_many([(image, instruction)])[0]

    def ground_many(self, items: Sequence[tuple[Any, str]]) -> list[Grounding]:
        self.asked += items
        return [self.answer(*item) for item in items]

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def at(x: float, y: float, confidence: float = 0.4, *others: Candidate) -> Grounding:
    box = Box(max(0, x - 0.1), max(0, y - 0.1), min(1, x + 0.1), min(1, y + 0.1))
    return Grounding("Save", Point(x, y), box, confidence, others)


def test_a_verifier_chooses_and_rejects() -> None:
    """The reader as a verifier: which candidate says what the instruction says?"""
    reader = Reader.load()
    lines = [line for line in reader.look(PICTURE).lines() if len(line.text) > 5][:3]
    wrong, right, other = (Candidate(line.box.center, line.box, 0.2) for line in lines)
    spoken = Spoken(lambda *item: Grounding(item[1], wrong.point, wrong.box, 0.5, (right, other)))

    def says(picture: Image.Image, instruction: str, place: Candidate) -> float:
        found = reader.look(picture).find(instruction, limit=5)
        return max((one.score for one in found if place.box.contains(one.box.center)), default=0.0)

    with Verified(spoken, says, least=0.6) as grounder:
        found = grounder.ground(PICTURE, lines[1].text)
        assert (found.point, found.box) == (right.point, right.box)
        assert found.confidence > 0.6
        assert {one.point for one in found.alternatives} == {wrong.point, other.point}
        assert "verify" in found.seconds
        missing = grounder.ground(PICTURE, "Zyxwvut qqq")
        assert (missing.found, len(missing.alternatives)) == (False, 3)
        spoken.answer = lambda *_: Grounding("", None, None, 0.9)
        assert grounder.ground(PICTURE, "Save") == Grounding("", None, None, 0.9)
    assert spoken.closed
    with pytest.raises(GroundingError, match="between 0 and 1"):
        Verified(Spoken(lambda *_: at(0.5, 0.5)), lambda *_: float("nan")).ground(PICTURE, "Save")


def test_a_verifier_that_likes_all_changes_nothing() -> None:
    answer = at(0.2, 0.2, 1.0, Candidate(Point(0.8, 0.8), Box(0.7, 0.7, 0.9, 0.9), 1.0))
    judged = Verified(Spoken(lambda *_: answer), lambda *_: 1.0).ground(PICTURE, "Save")
    assert replace(judged, seconds={}) == answer


def green_spot(image: Any, instruction: str) -> Grounding:
    """Find the green pixels' middle; the fewer pixels the picture has, the surer."""
    pixels = np.asarray(image).astype(int)
    green = pixels[..., 1] - pixels[..., [0, 2]].max(axis=-1) > 100
    rows, columns = np.nonzero(green)
    if not len(rows):
        return Grounding(instruction, None, None, 0.0)
    height, width = green.shape
    point = Point((columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height)
    box = Box(
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )
    return Grounding(instruction, point, box, min(1.0, 20_000 / green.size), seconds={"think": 1.0})


@pytest.mark.parametrize("corner", [(0, 0), (790, 510), (400, 260), (3, 500), (640, 10)])
def test_a_zoomed_answer_is_the_same_place(corner: tuple[int, int]) -> None:
    picture = Image.new("RGB", (800, 520), "white")
    picture.paste((0, 200, 0), (*corner, corner[0] + 8, corner[1] + 8))
    plain, spoken = green_spot(picture, "spot"), Spoken(green_spot)
    closer = Zoomed(spoken, below=0.5, share=0.25).ground(picture, "spot")
    assert plain.point is not None
    assert closer.point is not None
    assert plain.box is not None
    assert closer.box is not None
    assert closer.confidence == 20_000 / (200 * 130) > plain.confidence
    assert spoken.asked[1][0].size == (200, 130)
    assert closer.point.to_pixels(picture.size) == pytest.approx(
        plain.point.to_pixels(picture.size)
    )
    assert closer.box.to_pixels(picture.size) == pytest.approx(plain.box.to_pixels(picture.size))
    assert set(closer.seconds) == {"think", "zoom"}


def test_a_second_look_only_counts_if_it_is_surer() -> None:
    sure, unsure = Spoken(lambda *_: at(0.5, 0.5, 0.9)), Spoken(lambda *_: at(0.5, 0.5, 0.2))
    assert Zoomed(sure).ground(PICTURE, "Save").point == Point(0.5, 0.5)
    assert (len(sure.asked), len(unsure.asked)) == (1, 0)
    assert Zoomed(unsure).ground(PICTURE, "Save").confidence == 0.2
    assert len(unsure.asked) == 2
    absent = Spoken(lambda *_: Grounding("", None, None, 0.0))
    assert not Zoomed(absent).ground(PICTURE, "Save").found
    assert len(absent.asked) == 1
    tiny = Zoomed(Spoken(lambda *_: at(0.5, 0.5))).ground(Image.new("RGB", (1, 1)), "Save")
    assert tiny.point == Point(0.5, 0.5)
    with pytest.raises(GroundingError, match="share"):
        Zoomed(sure, share=1.0)


def test_zooming_works_with_a_model(tmp_path: Path) -> None:
    with Zoomed(pointer_model(tmp_path, keep=0.3), below=1.1) as grounder:
        found = grounder.ground_many([(PICTURE, "Save"), (PICTURE, "Cancel")])
    for answer in found:
        assert answer.point is not None
        assert answer.box is not None
        assert answer.box.contains(answer.point)
        assert "zoom" in answer.seconds


def test_views_average_the_attention(tmp_path: Path) -> None:
    texts = ["Save", "Store this", "Keep it"]
    with pointer_model(tmp_path) as inner:
        alone = [inner.ground(PICTURE, text) for text in texts]
        grounder: Grounder = Averaged(inner, lambda _: texts[1:])
        found, again = grounder.ground_many([(PICTURE, "Save"), (PICTURE, "Save")])
        lonely = Averaged(inner, lambda text: [text]).ground(PICTURE, "Save")
    heats = [answer.heat for answer in alone if answer.heat is not None]
    assert found.heat is not None
    np.testing.assert_allclose(found.heat, np.mean(np.stack(heats), axis=0), atol=1e-5)
    assert found.heat.sum() == pytest.approx(1, abs=1e-4)
    assert found.point == again.point
    assert found.instruction == "Save"
    assert lonely.point == pytest.approx(alone[0].point)
    with pytest.raises(GroundingError, match="pointer model"):
        Averaged(Spoken(lambda *_: at(0.5, 0.5)), lambda _: ["other"]).ground(PICTURE, "Save")


def test_a_text_answer_round_trips_through_the_grid(tmp_path: Path) -> None:
    how = Preprocessing.from_folder(write_tiny(tmp_path, pointer=False))
    _, grid = preprocess(PICTURE, how)
    resized = (grid.resized_width, grid.resized_height)
    answer = json.dumps({"coordinate": [resized[0] / 4, resized[1] / 2]})
    place = read_place(answer, "resized", grid.size, resized)
    assert place is not None
    assert place.point.to_pixels(PICTURE.size) == (200, 260)
