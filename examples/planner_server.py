"""Let a chat model plan: python planner_server.py [http://localhost:8000/v1 [MODEL]]

Without a server a script stands in for the model, so that the example runs anywhere.
"""

import sys

from focusagent import Agent, BrowserEnvironment, Policy, Secret
from focusagent.demo.server import serve_app
from focusagent.planner.chat import ModelPlanner, ScriptedChat, ServerChat

TASK = "Sign in as alice with the password {PW}."
SCRIPT = [
    {"type": {"text": "alice", "target": "Username field"}},
    {"type": {"text": "{PW}", "target": "Password field"}},
    {"click": {"target": '"Sign in" button'}},
    {"check_that": {"condition": {"kind": "seen", "target": '"New invoice"'}}},
    {"finish": {"reason": "done", "message": "alice is signed in"}},
]


def main() -> None:
    chat = ServerChat(*sys.argv[1:3]) if sys.argv[1:] else ScriptedChat(SCRIPT)
    secrets = {"PW": Secret("correct horse", domains=["127.0.0.1"])}
    with (
        serve_app() as url,
        BrowserEnvironment(url, policy=Policy.strict(), secrets=secrets) as browser,
    ):
        agent = Agent(browser, planner=ModelPlanner(chat), on_step=lambda s: print(s.summary()))
        run = agent.run(TASK)
        print(run.summary())
        print(f"{run.usage.planner_calls} calls, {run.usage.prompt_tokens} prompt tokens")


if __name__ == "__main__":
    main()
