"""A run as one HTML file: every step with its pictures and its evidence, self-contained."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw

from ._siblings import env

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f3f5f8;color:#1f2933}
header{background:#17324d;color:#fff;padding:20px 32px}header h1{margin:0;font-size:22px}
header p{margin:4px 0 0;color:#cfe0f0}
section{background:#fff;border:1px solid #dde3ea;border-radius:10px;margin:20px auto;
max-width:1240px;padding:18px 24px}h2{font-size:17px;margin:0 0 8px}
.pair{display:grid;grid-template-columns:1fr 1fr;
gap:16px}figure{margin:0}figcaption{font-size:13px;color:#52606d}img{width:100%;border:1px solid
#dde3ea;border-radius:6px}.tag{display:inline-block;padding:1px 10px;border-radius:10px;
font-size:13px;margin-left:8px;background:#d6f2df}.blocked,.failed{background:#f9d7d3}.no{background:#fdf0d0}
code{background:#eef1f5;padding:1px 5px;border-radius:4px;overflow-wrap:anywhere}
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class ReportStep:
    """One step: what was meant, what the screen showed before and after, what happened."""

    caption: str
    before: Image.Image
    after: Image.Image
    result: env.StepResult


def write_report(folder: Path, title: str, steps: Sequence[ReportStep]) -> Path:
    """Write `report.html`, `steps.jsonl` and `screens/*.png` into `folder`; returns the report."""
    screens = folder / "screens"
    screens.mkdir(parents=True, exist_ok=True)
    sections = []
    with (folder / "steps.jsonl").open("w", encoding="utf-8") as log:
        for number, step in enumerate(steps, start=1):
            marked = mark_step(step)
            marked.save(screens / f"{number:02d}-before.png")
            step.after.save(screens / f"{number:02d}-after.png")
            log.write(json.dumps(_record(step), ensure_ascii=False) + "\n")
            sections.append(_section(number, step, marked))
    report = folder / "report.html"
    report.write_text(_page(title, steps, sections), encoding="utf-8")
    return report


def mark_step(step: ReportStep) -> Image.Image:
    """The picture before the step with its points ringed and what it changed outlined."""
    image = step.before.convert("RGB")
    draw = ImageDraw.Draw(image)
    if step.result.changed_box and step.after.size == image.size:
        draw.rectangle(step.result.changed_box, outline="#d99a1c", width=2)
    points = env.points_of(step.result.action)
    if len(points) == 2:
        draw.line(points, fill="#d6006c", width=3)
    for x, y in points:
        draw.ellipse((x - 14, y - 14, x + 14, y + 14), outline="#d6006c", width=4)
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill="#d6006c")
    return image


def _record(step: ReportStep) -> dict[str, object]:
    result = step.result
    return {
        "caption": step.caption,
        "action": env.action_to_json(result.action),
        "outcome": result.outcome,
        "dispatched": result.dispatched,
        "settled": result.settled,
        "before": result.before,
        "after": result.after,
        "changed_box": result.changed_box,
        "seconds": round(result.seconds, 4),
        "error": result.error,
    }


def _section(number: int, step: ReportStep, marked: Image.Image) -> str:
    result = step.result
    action = escape(json.dumps(env.action_to_json(result.action), ensure_ascii=False))
    error = f"<p>{escape(result.error)}</p>" if result.error else ""
    return (
        f"<section><h2>{number}. {escape(step.caption)}"
        f'<span class="tag {result.outcome}">{result.outcome}</span></h2>'
        f"<p><code>{action}</code> in {result.seconds:.2f} s</p>{error}"
        f'<div class="pair">{_figure("before: ring = where, frame = what changed", marked)}'
        f"{_figure('after', step.after)}</div></section>"
    )


def _figure(caption: str, image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.convert("RGB").quantize(128).save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure><img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _page(title: str, steps: Sequence[ReportStep], sections: Sequence[str]) -> str:
    seconds = sum(step.result.seconds for step in steps)
    wrong = sum(step.result.outcome in ("failed", "blocked") for step in steps)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{escape(title)}</h1><p>{len(steps)} steps, {wrong} failed or blocked, "
        f"{seconds:.1f} s</p></header>{''.join(sections)}</body></html>"
    )
