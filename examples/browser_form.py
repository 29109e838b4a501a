"""Fill in a form in a real browser, by pixels, and read what happened after each step."""

import env
from focusagent import BrowserEnvironment, Policy, Secret
from focusagent.demo.server import serve_app

CENTRE = """selector => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


def main() -> None:
    secrets = {"PW": Secret("correct horse", domains=["127.0.0.1"])}
    with (
        serve_app() as url,
        BrowserEnvironment(url, policy=Policy.strict(), secrets=secrets) as browser,
    ):
        for selector, action in [
            ("#user", env.Type("alice")),
            ("#password", env.Type(secret="PW")),
            ("#sign-in", None),
        ]:
            x, y = browser.evaluate(CENTRE, selector)
            for step in (env.Click(x, y), action):
                if step is not None:
                    result = browser.step(step)
                    print(f"{step.kind:6} {selector:10} {result.outcome}, {result.changed_box}")
        seen = browser.observe()
        print(f"now at {seen.title!r}, {seen.image.width} x {seen.image.height} pixels")


if __name__ == "__main__":
    main()
