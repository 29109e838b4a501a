"""The nano model: evidence on its tokens, one pass for many instructions, training that resumes."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from grounding import load_grounder
from grounding.compress import parse_compress
from grounding.grid import PatchGrid
from grounding.nano.evidence import (
    CHANNELS,
    PATCHES,
    READER_CHANNELS,
    SIZE,
    named,
    read_screen,
    without_reader,
)
from grounding.nano.grounder import NanoGrounder
from grounding.nano.mixer import EvidenceMixer
from grounding.nano.model import note_settings, write_nano
from grounding.query import understand
from grounding.training.checkpoints import NAME
from grounding.training.grounder import GrounderConfig
from grounding.training.lessons import Asked, Lesson, lesson_paths, load_lesson, save_lesson
from grounding.training.nano import NanoStage, NanoSteps, calibrated, moved, samples_of, train_nano
from grounding.training.trainee import Trainee, load_trainee, save_trainee
from grounding.types import Box

PICTURE = Path(__file__).parent / "data" / "reader" / "000001.png"
CONFIG = GrounderConfig(4, batch=2, rate=3e-3, keep=(0.5, 1.0))


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nano(tmp_path_factory.mktemp("start"))


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Squares on a white ground, evidence on the one that is meant; some are not there."""
    folder, rng = tmp_path_factory.mktemp("lessons"), np.random.default_rng(0)
    for number in range(5):
        columns, rows = (4, 3) if number < 4 else (6, 4)
        pixels = np.full((32 * rows, 32 * columns, 3), 255, np.uint8)
        grid = PatchGrid(32 * columns, 32 * rows, 32 * columns, 32 * rows, 16, 2)
        asked, features = [], np.zeros((3, grid.count, SIZE), np.uint8)
        for turn in range(3):
            token = int(rng.integers(grid.count))
            box = grid.token_box(token)
            pixels[(token // columns) * 32 :, (token % columns) * 32 :][:32, :32] = 40 * turn
            features[turn, token] = 255
            there = turn < 2
            asked.append(
                Asked(f"square {turn}", box if there else None, "name" if there else "absent")
            )
        save_lesson(Lesson(pixels, tuple(asked), features), folder, f"{number:06d}")
    return lesson_paths(folder)


def trainee_of(start: Path) -> Trainee:
    return load_trainee(start, offset=True, none=True, mixer=True, system="")


@cache
def picture() -> Image.Image:
    return Image.open(PICTURE).convert("RGB")


@cache
def evidence():  # type: ignore[no-untyped-def]
    from grounding import Reader
    from grounding.icons import IconReader

    return read_screen(np.asarray(picture()), Reader.load(), IconReader.load())


def channel(features: np.ndarray, name: str) -> np.ndarray:
    return features.reshape(-1, PATCHES, len(CHANNELS))[..., CHANNELS.index(name)].max(1)


def test_evidence_lies_where_the_words_stand() -> None:
    columns, rows = 25, 17
    grid = PatchGrid(800, 520, 32 * columns, 32 * rows, 16, 2)
    features = evidence().features("the button left of Heap caps", columns, rows)
    assert features.shape == (grid.count, SIZE)
    assert features.min() >= 0
    assert features.max() <= 1
    there = grid.tokens_in(Box.from_pixels(480, 192, 540, 220, (800, 520)))
    anchors = channel(features, "anchor_best")
    assert anchors.argmax() in there
    assert anchors.max() > 0.2
    assert channel(evidence().features("Heap caps", columns, rows), "best").argmax() in there


def test_a_patch_of_a_token_holds_its_own_part() -> None:
    """Features of patches, put side by side, are those of a grid of patches."""
    from grounding.evidence import text_evidence

    features = evidence().features("Heap caps", 4, 3).reshape(3, 4, 2, 2, len(CHANNELS))
    plain = text_evidence(evidence().screen, ["Heap caps"], (8, 6)).features
    for row in range(6):
        for column in range(8):
            mine = features[row // 2, column // 2, row % 2, column % 2, : plain.shape[-1]]
            assert np.allclose(mine, plain[row, column])


def test_what_is_read_can_be_left_out() -> None:
    whole = evidence().features("Heap caps", 25, 17)
    blind = without_reader(whole)
    for name in CHANNELS:
        wanted = 0 if name in READER_CHANNELS else channel(whole, name)
        assert (channel(blind, name) == wanted).all()
    assert channel(whole, "best").any()


def test_texts_of_targets_and_of_anchors() -> None:
    assert named(understand("Delete in the row of Alice"))[0][0] == "Delete"
    assert "Alice" in named(understand("Delete in the row of Alice"))[1]
    assert "Email" in named(understand("the field right of Email"))[1]


def test_a_new_mixer_mixes_nothing_but_evidence() -> None:
    mixer = EvidenceMixer(16)
    tokens, features = torch.randn(2, 12, 16), torch.rand(2, 12, SIZE)
    told = mixer(tokens, features, 4)
    assert torch.allclose(told, tokens + mixer.embed(features))
    for block in mixer.blocks:
        torch.nn.init.normal_(block.out.weight)
    changed = tokens.clone()
    changed[:, 0] += 1
    far = (mixer(changed, features, 4) - mixer(tokens, features, 4)).abs().amax((0, 2))
    assert far[1] > 0
    wide = torch.randn(1, 60, 16)
    moved_one = wide.clone()
    moved_one[:, 0] += 1
    zero = torch.zeros(1, 60, SIZE)
    far = (mixer(moved_one, zero, 20) - mixer(wide, zero, 20)).abs().amax((0, 2))
    assert far[10] == 0  # two blocks reach four tokens


def test_one_pass_is_as_good_as_one_each(start: Path, lessons: list[Path]) -> None:
    trainee = trainee_of(start)
    stage = NanoStage(trainee, CONFIG).eval()
    samples = [
        sample
        for number, path in enumerate(lessons[:2])
        for sample in samples_of(path, trainee.how, number, random.Random(0), (1.0, 1.0))
    ]
    together = stage.encode(samples).tokens
    for sample, tokens in zip(samples, together, strict=True):
        assert torch.allclose(stage.encode([sample]).tokens[0], tokens, atol=1e-5)


def test_pictures_are_moved_and_words_come_after(start: Path, lessons: list[Path]) -> None:
    trainee = trainee_of(start)
    stage = NanoStage(trainee, CONFIG).eval()
    samples = samples_of(lessons[0], trainee.how, 0, random.Random(0), (0.5, 0.5))
    from grounding.training.stages import training_plan

    plans = [training_plan(one, np.zeros(one.grid.count, np.float32)) for one in samples]
    batch = stage._compact(samples, stage.encode(samples), plans)
    visual = trainee.backbone.model.config.image_token_id
    torch.manual_seed(1)
    other = moved(batch, trainee.marker, visual)
    shift = other.position_ids - batch.position_ids
    shown = (batch.input_ids == visual) | (batch.input_ids == trainee.marker)
    for row, mask in enumerate(shown):
        first = int(mask.nonzero()[0])
        assert (shift[:, row, :first] == 0).all()
        assert (shift[0, row][mask] == 0).all()
        down, across = shift[1, row][mask].unique(), shift[2, row][mask].unique()
        assert len(down) == len(across) == 1
        last = int(mask.nonzero()[-1])
        assert (shift[:, row, last + 1 :] == max(int(down), int(across))).all()
    assert shift.any()


def test_a_step_has_pictures_of_one_size(start: Path, lessons: list[Path]) -> None:
    how = trainee_of(start).how
    steps = NanoSteps(lessons, how, replace(CONFIG, steps=40), 0, (0, 1))
    sizes = set()
    for index in range(len(steps)):
        samples = steps[index]
        (size,) = {(sample.grid.columns, sample.grid.rows) for sample in samples}
        sizes.add(size)
        assert len(samples) == {(4, 3): 6, (6, 4): 3}[size]
    assert sizes == {(4, 3), (6, 4)}
    later = NanoSteps(lessons, how, replace(CONFIG, steps=40), 7, (0, 1))[0]
    assert [one.share for one in later] == [one.share for one in steps[7]]


@pytest.mark.slow
def test_it_learns_resumes_and_loads_again(
    start: Path, lessons: list[Path], tmp_path: Path
) -> None:
    def run(folder: Path, steps: int, stop: int | None = None, *, resume: bool = False):  # type: ignore[no-untyped-def]
        trainee = trainee_of(start)
        config = replace(CONFIG, steps=steps)
        curve = []
        for point in train_nano(trainee, lessons, config, folder, resume=resume, every=1):
            curve.append(point.loss["pointer"])
            if point.step == stop:
                break
        return trainee, curve

    trainee, whole = run(tmp_path / "whole", 24)
    assert np.mean(whole[-4:]) < 0.8 * np.mean(whole[:4])
    stage = NanoStage(trainee, CONFIG)
    names = {name.split(".")[0] for name, value in stage.trained() if value.requires_grad}
    assert names == {"backbone", "heads"}
    threshold, calibration = calibrated(trainee, lessons)
    assert 0 <= threshold <= 1
    save_trainee(trainee, start, tmp_path / "model")
    note_settings(tmp_path / "model", pointer_system="", pointer_calibration=calibration.to_dict())
    with load_grounder(str(tmp_path / "model"), keep=0.5) as grounder:
        assert isinstance(grounder, NanoGrounder)
        screen = grounder.screen(picture())
        asked = ["Heap caps", "the second checkbox"]
        once = [screen.ground(text) for text in asked]
        again = grounder.ground_many([(picture(), text) for text in asked])
        for one, two in zip(once, again, strict=True):
            assert one.tokens is not None
            assert one.tokens.after < one.tokens.before
            assert one.found == two.found
            assert one.heat is not None
            assert two.heat is not None
            assert np.allclose(one.heat, two.heat, atol=1e-5)
        blind = grounder.variant(replace(grounder.eyes, compression=parse_compress()), blind=True)
        heat = blind.ground(screen, asked[0]).heat
        assert heat is not None


@pytest.mark.slow
def test_a_killed_run_goes_on_along_the_same_curve(
    start: Path, lessons: list[Path], tmp_path: Path
) -> None:
    whole = trainee_of(start)
    list(train_nano(whole, lessons, CONFIG, tmp_path / "whole", every=1))
    first = trainee_of(start)
    steps = train_nano(first, lessons, CONFIG, tmp_path / "cut", every=2)
    assert next(steps).step == 2
    steps.close()  # killed before anything was saved: it begins anew
    again = trainee_of(start)
    list(train_nano(again, lessons, CONFIG, tmp_path / "cut", resume=True, every=1))
    one, two = (load_file(tmp_path / name / NAME) for name in ("whole", "cut"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_lesson_survives_the_disk(lessons: list[Path]) -> None:
    lesson = load_lesson(lessons[0])
    assert [one.kind for one in lesson.asked] == ["name", "name", "absent"]
    assert lesson.asked[2].box is None
    assert lesson.features.shape == (3, 12, SIZE)
