"""A fixed run through the bundled application, with a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .._siblings import env
from ..report import ReportStep, write_report
from .server import serve_app

SECRET = "DEMO_PASSWORD"
_CENTRE = """selector => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


@dataclass(frozen=True)
class DemoStep:
    """What is done, where (a selector that the page resolves to pixels), and as which action."""

    caption: str
    selector: str
    build: Callable[[float, float], env.Action]
    shift: tuple[float, float] = (0.0, 0.0)


def _click(caption: str, selector: str, shift: tuple[float, float] = (0.0, 0.0)) -> DemoStep:
    return DemoStep(caption, selector, lambda x, y: env.Click(x, y), shift)


def _type(caption: str, text: str = "", secret: str | None = None) -> DemoStep:
    return DemoStep(caption, "body", lambda _x, _y: env.Type(text, secret=secret))


SCRIPT = (
    _click("Click Username", "#user"),
    _type("Type a name", "alice"),
    _click("Click Password", "#password"),
    _type("Type the secret: its value is never shown", secret=SECRET),
    _click("Tick Remember me", "#remember"),
    _click("Click Sign in", "#sign-in"),
    _click("Mark invoice 2043 as paid", '[data-number="2043"] [aria-label="Mark as paid"]'),
    _click("Delete invoice 2041", '[data-number="2041"] [aria-label="Delete"]'),
    _click("Confirm in the dialog", "#really"),
    _click("Open New invoice", "#to-new"),
    _click("Click Customer", "#customer"),
    _type("Type a customer with accents", "Zoë Müller, 東京"),
    _click("Click Amount", "#amount"),
    _type("Type an amount", "99.90"),
    DemoStep("Choose GBP", "#currency", lambda x, y: env.Select(x, y, "GBP")),
    _click("Tick Urgent", "#urgent"),
    _click("Save the invoice", "#save"),
    _click("Open Report", "#to-report"),
    _click("Click a button that is only pixels on a canvas", "#chart", (268.0, -106.0)),
    _click("Open the account menu", "#more"),
    _click("Export as CSV", "#export"),
)


def run_demo(folder: Path, *, headless: bool = True) -> tuple[Path, list[env.StepResult]]:
    """Run the script in a real browser; returns the report's path and what each step did."""
    folder.mkdir(parents=True, exist_ok=True)  # fails now rather than after the run
    steps: list[ReportStep] = []
    with (
        serve_app() as url,
        env.BrowserEnvironment(
            url,
            policy=env.Policy.strict(),
            secrets={SECRET: env.Secret("correct horse battery", domains=["127.0.0.1"])},
            headless=headless,
            downloads_dir=str(folder / "downloads"),
        ) as browser,
    ):
        seen = browser.observe()
        for step in SCRIPT:
            before = seen
            x, y = browser.evaluate(_CENTRE, step.selector)
            result = browser.step(step.build(x + step.shift[0], y + step.shift[1]))
            seen = browser.observe()
            steps.append(ReportStep(step.caption, before.image, seen.image, result))
    report = write_report(folder, "focusagent demo: an invoice application", steps)
    return report, [step.result for step in steps]
