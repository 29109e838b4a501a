"""Training the line reader: labels mean what they say, runs repeat, a killed run goes on."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from focusagent.datagen import drawn
from grounding.reader.alphabet import character_of, class_of
from grounding.reader.line_model import BLANK, OUTPUTS, SPACE, LineNet
from grounding.reader.strips import STEP
from grounding.training import checkpoints, export, line_samples, loop
from grounding.training import lines as trainer
from grounding.training.pages import LabelledPage, save_page

DATA = Path(__file__).parent / "data" / "reader"


def page_of(text: str, *, size: float = 16.0, ignore: tuple[float, ...] = ()) -> LabelledPage:
    """A line of black boxes, one a letter, on white: eight pixels each."""
    image = np.full((60, 400, 3), 255, np.uint8)
    codes, boxes, words = [], [], []
    for position, character in enumerate(text):
        x = 20 + 8 * position
        if character != " ":
            codes.append(ord(character))
            boxes.append((x, 20, x + 8, 20 + size))
            words.append(text[:position].count(" "))
            image[24:32, x + 1 : x + 7] = 0
    return LabelledPage(
        image,
        np.array(codes, np.int32),
        np.array(boxes, np.float32),
        np.array(words, np.int32),
        np.array([ignore] if ignore else np.zeros((0, 4)), np.float32),
    )


def text_of(classes: np.ndarray) -> str:
    return "".join(" " if c == SPACE else character_of(int(c)) for c in classes)


def test_letters_stand_at_their_steps():
    rng = random.Random(0)
    text = "Save draft now"
    line = line_samples.lines_of(page_of(text), rng)[0]
    seen = set()
    for _ in range(60):
        sample = line_samples.make_sample(line, rng)
        said = text_of(sample.classes)
        assert said in text or len(said) < 3
        seen.add(said)
        ink = np.abs(sample.strip[..., 0].astype(int) - 64).sum(axis=0)
        for character, step in zip(said, sample.steps, strict=True):
            column = int(step * STEP)
            if character != " " and 4 < column < len(ink) - 4:
                assert ink[column - 2 : column + 3].sum() > 0
    assert len(seen) > 3


def test_what_cannot_be_known_is_not_learnt():
    rng = random.Random(0)
    hidden = (20 + 8 * 5, 20, 20 + 8 * 10, 36)
    line = line_samples.lines_of(page_of("Save draft now", ignore=hidden), rng)[0]
    samples = [line_samples.make_sample(line, rng) for _ in range(60)]
    assert any(sample is None for sample in samples)
    assert all("raf" not in text_of(s.classes) for s in samples if s is not None)


def test_letters_beyond_the_edge_of_the_page_are_not_learnt():
    page = page_of("word " * 12)
    assert page.boxes[:, 2].max() > page.image.shape[1]
    line = line_samples.lines_of(page, random.Random(0))[0]
    assert len(line.classes) < len(page.codes)
    assert line.boxes[:, 2].max() <= line.image.shape[1] + 2


def test_places_without_text_teach_silence():
    page = drawn.draw_page("silence")
    empty = [line for line in line_samples.lines_of(page, random.Random(0)) if not line.size]
    assert empty == []
    blank = LabelledPage(
        np.random.default_rng(0).integers(0, 255, (90, 200, 3), dtype=np.uint8),
        *(np.zeros(shape, kind) for shape, kind in ((0, np.int32), ((0, 4), np.float32))),
        np.zeros(0, np.int32),
    )
    lines = line_samples.lines_of(blank, random.Random(0))
    assert len(lines) == 1
    assert len(line_samples.make_sample(lines[0], random.Random(0)).classes) == 0


def test_small_type_is_learnt_more_often():
    shares = [
        line_samples.share_of(
            line_samples.lines_of(page_of("Same", size=size), random.Random(0))[0]
        )
        for size in (10.0, 12.0, 20.0)
    ]
    assert shares[0] > shares[1] > shares[2]


def test_targets_of_a_batch_point_at_the_letters():
    rng = random.Random(3)
    config = trainer.LineTraining(steps=1, rows=4, row=320)
    lines = line_samples.lines_of(page_of("Some text to read"), rng)
    samples = line_samples.choose(lines, rng, 900)
    batch = trainer.collate(samples, config)
    across = config.row // STEP
    assert batch["rows"].shape == (4, 32, 320, 2)
    for (first, steps), labels, count in zip(
        batch["spans"].tolist(), batch["labels"], batch["counts"].tolist(), strict=True
    ):
        assert first % across + steps <= across
        assert labels[0] == labels[1 + count] == BLANK
        told = batch["places"][first : first + steps]
        told = told[(told >= 0) & (told != BLANK)].tolist()
        wanted = labels[1 : 1 + count].tolist()
        assert len(wanted) - len(told) <= 2  # two middles may share a step
        assert all(answer in wanted for answer in told)


def test_the_short_way_through_the_loss_equals_the_long_one():
    torch.manual_seed(0)
    logits = torch.randn(60, OUTPUTS, requires_grad=True)
    spans = torch.tensor([[0, 20], [22, 30], [53, 4]])
    texts = [[5, 7, 7, 5], [1, 2, 3, 3, 1, 0], []]
    counts = torch.tensor([len(text) for text in texts])
    labels = torch.full((3, 8), BLANK)
    for number, text in enumerate(texts):
        labels[number, 1 : 1 + len(text)] = torch.tensor(text)
    short = trainer.text_loss(logits.log_softmax(-1), spans, labels, counts)
    whole = logits.log_softmax(-1)
    long = sum(
        F.ctc_loss(
            whole[first : first + steps, None],
            torch.tensor([text], dtype=torch.int64),
            torch.tensor([steps]),
            torch.tensor([len(text)]),
            blank=BLANK,
            reduction="sum",
        )
        for (first, steps), text in zip(spans.tolist(), texts, strict=True)
    ) / int(counts.sum())
    slopes = [torch.autograd.grad(loss, logits)[0] for loss in (short, long)]
    assert short.item() == pytest.approx(long.item(), rel=1e-5)
    assert torch.allclose(*slopes, atol=1e-6)


SMALL = trainer.LineTraining(steps=28, rows=2, row=160, pages=1, warm_up=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("pages")
    for number, text in enumerate(("One two three", "Save draft", "id: 20,50")):
        save_page(page_of(text), out, f"{number:06d}")
    return out


def draw(rng: random.Random) -> LabelledPage:
    return page_of("".join(rng.choice("abc ") for _ in range(30)).strip() or "a")


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    net = LineNet()
    checkpoints.load_checkpoint(out, net, torch.optim.AdamW(net.parameters()))
    return net.state_dict()


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


def test_the_same_seed_gives_the_same_weights_and_a_killed_run_its_curve(
    folder, tmp_path, monkeypatch
):
    torch.set_num_threads(1)
    whole = list(trainer.train(trainer.Pages(folder, draw), SMALL, tmp_path / "a", workers=0))
    again = list(trainer.train(trainer.Pages(folder, draw), SMALL, tmp_path / "b", workers=0))
    assert [p.loss for p in whole] == [p.loss for p in again]
    assert same(weights_of(tmp_path / "a"), weights_of(tmp_path / "b"))
    assert whole[1].loss["text"] < 0.7 * whole[0].loss["text"]

    # A run that is killed after its first checkpoint (here: every 25 steps).
    ticks = iter(range(0, 100_000, 1000))
    monkeypatch.setattr(loop.time, "monotonic", lambda: float(next(ticks)))
    killed = trainer.train(trainer.Pages(folder, draw), SMALL, tmp_path / "c", workers=0)
    next(killed)
    killed.close()
    rest = list(
        trainer.train(trainer.Pages(folder, draw), SMALL, tmp_path / "c", workers=0, resume=True)
    )
    assert [p.loss for p in rest] == [p.loss for p in whole[1:]]
    assert same(weights_of(tmp_path / "a"), weights_of(tmp_path / "c"))

    entry = export.export_lines(tmp_path / "a", tmp_path / "w", {"command": "test"})
    assert (tmp_path / "w" / "lines.safetensors").stat().st_size == entry["bytes"] < 2_000_000
    assert class_of("a") < SPACE < BLANK < OUTPUTS


def test_an_empty_folder_is_no_source(tmp_path):
    with pytest.raises(ValueError, match="no pages"):
        list(trainer.train(trainer.Pages(tmp_path, draw), SMALL, tmp_path / "out", workers=0))
