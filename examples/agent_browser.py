"""Have a task done in a real browser: parsed, seen, done and proved, with no language model."""

from focusagent import BrowserEnvironment, Policy, Secret
from focusagent.agent import Agent
from focusagent.demo.server import serve_app

TASK = """
Type "alice" into Username, type {PW} into Password and click the "Sign in" button.
Read the amount of 2042 as {AMOUNT}.
Click "New invoice". Type "Ada Lovelace" into Customer, type {AMOUNT} into Amount.
Select GBP in Currency, check Urgent and click "Save invoice".
Check that "Invoice saved." is visible.
"""


def main() -> None:
    secrets = {"PW": Secret("correct horse", domains=["127.0.0.1"])}
    with (
        serve_app() as url,
        BrowserEnvironment(url, policy=Policy.strict(), secrets=secrets) as browser,
    ):
        agent = Agent(browser, on_step=lambda step: print(step.summary()))
        run = agent.run(TASK)
        print(run.summary(), dict(run.data))
        print(agent.read_table())


if __name__ == "__main__":
    main()
