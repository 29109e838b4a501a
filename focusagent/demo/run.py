"""A task done in the bundled application by looking at it, with a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .._siblings import env, grounding
from ..history import Run, Step
from .server import serve_app

PASSWORD = "DEMO_PASSWORD"
VALUES = {"CUSTOMER": "Zoë Müller, 東京", "PRICE": "99.90"}
TASK = f"""
Type "alice" into Username, type {{{PASSWORD}}} into Password, check "Remember me",
then click "Sign in".
Click the check mark in the row of 2043.
Click the bin in the row of Alice Martin, then click "Delete" in the dialog.
Read the amount of Brandt & Sons as {{AMOUNT}}.
Click "New invoice". Type {{CUSTOMER}} into Customer, type {{PRICE}} into Amount.
Select GBP in Currency, check Urgent and click "Save invoice".
Check that "Invoice saved." is visible.
Click "Report", then click "Refresh".
Click the menu icon, then click "Export as CSV".
"""


def run_demo(
    folder: Path, *, headless: bool = True, on_step: Callable[[Step], None] | None = None
) -> tuple[Path, Run]:
    """Do the task in a real browser, with the grounder that comes along; the report and the run."""
    from ..agent import Agent

    with (
        # `keep` changes no answer; the report then shows the tokens that a model would be given.
        grounding.load_grounder("default", keep=0.3) as grounder,
        serve_app() as url,
        env.BrowserEnvironment(
            url,
            policy=env.Policy.strict(),
            secrets={PASSWORD: env.Secret("correct horse battery", domains=["127.0.0.1"])},
            headless=headless,
            downloads_dir=str(folder / "downloads"),
        ) as browser,
    ):
        agent = Agent(
            browser,
            grounder=grounder,
            params=VALUES,
            # The invoice is there to be deleted: whoever starts the demo agrees.
            approve=lambda request: request.kind != "ambiguous",
            trace=folder / "run",
            on_step=on_step,
        )
        run = agent.run(TASK)
    return run.report(folder / "report.html"), run
