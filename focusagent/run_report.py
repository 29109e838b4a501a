"""A run as one HTML file that can be sent around: nothing in it runs or loads from elsewhere.

All that a page, a model or a person wrote is escaped; the page's policy allows only its own style
and embedded pictures.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from ._siblings import env
from .history import Evidence, Run, Sight, Step, Value
from .run_figures import Sheet, pictures_of
from .trace import AUDIT

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
_MARKS = {
    True: ("yes", "✓", "proved"),
    False: ("no", "✗", "not so"),
    None: ("open", "?", "unknown"),
}
_COLOURS = 7  # of the stages in the bars of time
_ROWS = 200  # of a table that was read, or of the audit trail


def page(run: Run) -> str:
    """The report of a run as HTML."""
    sheet = Sheet()
    steps = [
        _step(step, sheet.figures(step, pictures_of(run, index)))
        for index, step in enumerate(run.steps)
    ]
    style = (files(__package__) / "run_report.css").read_text(encoding="utf-8")
    title = " ".join(run.instruction.split())[:80] or "a run"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} - {escape(run.status)}</title><style>{style}</style></head><body>"
        f"{sheet.defs()}{_header(run)}<main>{_timeline(run)}{_data(run)}{''.join(steps)}"
        f"{_audit(run)}</main><footer>Made by focusagent. Verified means that the effect of every "
        "step was seen on the screen.</footer></body></html>"
    )


def _header(run: Run) -> str:
    usage = run.usage
    facts = {
        "steps": f"{len(run.steps)}",
        "time": _seconds(run.seconds),
        "looks of the grounder": f"{usage.groundings:,}",
    }
    if usage.visual_tokens:
        share = usage.visual_tokens_kept / usage.visual_tokens
        facts["visual tokens kept"] = (
            f"{usage.visual_tokens_kept:,} of {usage.visual_tokens:,} ({share:.0%})"
        )
    facts["planner's calls"] = f"{usage.planner_calls:,}"
    if usage.planner_calls:
        facts["planner's tokens"] = f"{usage.prompt_tokens:,} + {usage.completion_tokens:,}"
    if run.at:
        moment = datetime.datetime.fromtimestamp(run.at, datetime.UTC)
        facts["began (UTC)"] = f"{moment:%Y-%m-%d %H:%M}"
    listed = "".join(f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts.items())
    message = f"<p>{escape(run.message)}</p>" if run.message else ""
    urls = run.urls()
    started = f"<p>on {escape(urls[0])}</p>" if urls else ""
    return (
        f"<header><h1>{escape(run.instruction or 'a run')}</h1>{_tag(run.status)} "
        f'<span class="tag">{escape(run.reason)}</span>{message}{started}'
        f'<dl class="facts">{listed}</dl></header>'
    )


def _timeline(run: Run) -> str:
    """A bar of the steps, each as wide as it was long, and where the time went."""
    if not run.steps:
        return '<section><p class="quiet">No step was completed.</p></section>'
    bars = "".join(
        f'<a class="{escape(step.status)}" href="#step-{step.number:d}" '
        f'style="flex-grow:{max(20.0, 1000 * _total(step)):.0f}" '
        f'title="{escape(step.summary())}">{step.number:d}</a>'
        for step in run.steps
    )
    spent: dict[str, float] = {}
    for step in run.steps:
        for stage, seconds in _stages(step).items():
            spent[stage] = spent.get(stage, 0.0) + seconds
    return f'<section><h2>Timeline</h2><nav class="line">{bars}</nav>{_time(spent)}</section>'


def _data(run: Run) -> str:
    if not run.data:
        return ""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{_value(value)}</td></tr>"
        for name, value in run.data.items()
    )
    return (
        f'<section><h2>What was read</h2><div class="scroll"><table>{rows}</table></div></section>'
    )


def _step(step: Step, figures: str) -> str:
    outcome = step.outcome
    where = " · ".join(filter(None, (step.title, step.url)))
    why = f'<p class="why">{escape(outcome.reason)}</p>' if outcome.reason else ""
    value = f'<p class="why">{escape(outcome.value[:2000])}</p>' if outcome.value else ""
    return (
        f'<article id="step-{step.number:d}"><div class="head"><h2>'
        f'<span class="number">{step.number:d}</span><bdi>{escape(step.text)}</bdi></h2>'
        f'{_tag(step.status)}</div><p class="where"><bdi>{escape(where)}</bdi></p>'
        f"{why}{value}{figures}"
        f"{_list('Evidence', map(_proof, step.evidence))}"
        f"{_list('Looked for', map(_sight, step.sights))}"
        f"{_list('Done', map(_result, step.results))}"
        f"{_list('Decided', map(_decision, step.decisions))}"
        f"<h3>{_seconds(_total(step))}</h3>{_time(_stages(step))}</article>"
    )


def _proof(proof: Evidence) -> str:
    detail = f'<div class="quiet">{escape(proof.detail)}</div>' if proof.detail else ""
    return _item(proof.ok, f"{escape(proof.what)}{detail}")


def _sight(sight: Sight) -> str:
    facts = [] if sight.by == "eyes" else [f"by {sight.by}"]
    facts.append(f"confidence {sight.confidence:.2f}" if sight.point else "not there")
    if sight.alternatives:
        facts.append(_count(len(sight.alternatives), "other candidate"))
    if sight.tokens:
        before, after, markers = sight.tokens
        facts.append(f"{after:,} of {before:,} tokens and {_count(markers, 'marker')}")
    if sight.note:
        facts.append(sight.note)
    said = f'<q class="words">{escape(sight.words)}</q>'
    return f'<li><div>{said}<div class="quiet">{escape(" · ".join(facts))}</div></div></li>'


def _result(result: env.StepResult) -> str:
    values = env.action_to_json(result.action).items()
    short = {name: round(each, 1) if isinstance(each, float) else each for name, each in values}
    action = json.dumps(short, ensure_ascii=False)
    told = f"{result.outcome}, {_seconds(result.seconds)}" + (
        "" if result.settled else ", the screen did not come to rest"
    )
    error = f"<div>{escape(result.error)}</div>" if result.error else ""
    ok = result.outcome not in ("failed", "blocked")
    return _item(
        ok, f'<code>{escape(action)}</code> <span class="quiet">{escape(told)}</span>{error}'
    )


def _decision(decision: env.Decision) -> str:
    rule = f'<div class="quiet">{escape(decision.rule)}</div>'
    return _item(decision.allowed, f"{escape(decision.subject)}{rule}")


def _audit(run: Run) -> str:
    """Every decision of the policy and of whoever was asked; equal ones are one line."""
    trail = _trail(Path(run.folder)) if run.folder else []
    trail = trail or [
        (each.subject, each.allowed, each.rule) for step in run.steps for each in step.decisions
    ]
    if not trail:
        return ""
    counts: dict[tuple[str, bool, str], int] = {}
    for entry in trail:
        counts[entry] = counts.get(entry, 0) + 1
    rows = "".join(
        f"<tr><td>{'allowed' if allowed else 'refused'}</td><td>{escape(subject)}</td>"
        f"<td>{escape(rule)}</td><td>{count}×</td></tr>"
        for (subject, allowed, rule), count in [*counts.items()][:_ROWS]
    )
    refused = sum(not allowed for _, allowed, _ in trail)
    return (
        f"<section><h2>Audit</h2><details><summary>{_count(len(trail), 'decision')}, {refused} "
        f'refused</summary><div class="scroll"><table>{rows}</table></div>{_cut(len(counts))}'
        "</details></section>"
    )


def _trail(folder: Path) -> list[tuple[str, bool, str]]:
    """The lines of the audit trail that are whole."""
    try:
        lines = (folder / AUDIT).read_bytes().split(b"\n")
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
            found.append((str(entry["subject"]), bool(entry["allowed"]), str(entry["rule"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _stages(step: Step) -> dict[str, float]:
    """The seconds of a step by stage; what no stage counts is the agent's own."""
    stages = {name: spent for name, spent in step.seconds.items() if name != "total"}
    rest = step.seconds.get("total", 0.0) - sum(stages.values())
    return stages | ({"agent": rest} if rest > 0.0005 else {})


def _total(step: Step) -> float:
    return float(step.seconds.get("total", sum(step.seconds.values())))


def _time(stages: Mapping[str, float]) -> str:
    """Stages as a bar and a list; colours follow the name, so they are the same in every step."""
    shown = {name: spent for name, spent in stages.items() if spent > 0.0005}
    if not shown:
        return ""
    bar = "".join(
        f'<i class="{_colour(name)}" style="flex:{1000 * spent:.1f}"></i>'
        for name, spent in shown.items()
    )
    key = "".join(
        f'<span><i class="{_colour(name)}"></i>{escape(name)} {_seconds(spent)}</span>'
        for name, spent in shown.items()
    )
    return f'<div class="bar">{bar}</div><div class="key">{key}</div>'


def _colour(stage: str) -> str:
    known = ("observe", "read", "ground", "plan", "act", "selector", "agent")
    return f"s{known.index(stage) if stage in known else sum(map(ord, stage)) % _COLOURS}"


def _value(value: Value) -> str:
    if isinstance(value, str):
        return escape(value)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>"
        for row in value[:_ROWS]
    )
    return f"<table>{rows}</table>{_cut(len(value))}"


def _cut(count: int) -> str:
    return f'<p class="quiet">and {count - _ROWS} more</p>' if count > _ROWS else ""


def _list(title: str, items: Iterable[str]) -> str:
    made: Sequence[str] = [*items]
    return f'<h3>{title}</h3><ul class="plain">{"".join(made)}</ul>' if made else ""


def _item(ok: bool | None, content: str) -> str:
    kind, sign, said = _MARKS[ok]
    return (
        f'<li><span class="mark {kind}" role="img" aria-label="{said}">{sign}</span>'
        f"<div>{content}</div></li>"
    )


def _tag(status: Any) -> str:
    return f'<span class="tag {escape(status)}">{escape(status)}</span>'


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(spent: float) -> str:
    if spent < 1:
        return f"{spent * 1000:.0f} ms"
    return f"{spent:.1f} s" if spent < 60 else f"{spent // 60:.0f} min {spent % 60:.0f} s"
