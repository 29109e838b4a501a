"""Record a run on the bundled application, then replay it without asking a model."""

import tempfile
from pathlib import Path

from focusagent import Agent, BrowserEnvironment
from focusagent.demo.server import serve_app
from focusagent.replay import load, record, replay, save

INSTRUCTION = 'type {WHO} into Username, type "x" into Password, click the "Sign in" button'

with tempfile.TemporaryDirectory() as folder, serve_app() as url:
    with BrowserEnvironment(url) as browser:
        run = Agent(browser, params={"WHO": "alice"}).run(INSTRUCTION)
    flow = save(record(run, name="sign-in", params={"WHO": "alice"}), Path(folder) / "sign-in.yaml")
    print(flow.read_text(encoding="utf-8"))
    with BrowserEnvironment(url) as browser:
        again = replay(browser, load(flow), params={"WHO": "bob"})
    print(again.summary(), "- groundings:", again.usage.groundings)
