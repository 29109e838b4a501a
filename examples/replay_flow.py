"""Record a flow once in a real browser, then test it with no browser at all."""

from tempfile import TemporaryDirectory

from env import Action, BrowserEnvironment, Click, Policy, Press, ReplayEnvironment, Type

PAGE = """data:text/html,<title>Sign in</title><body style="font:20px sans-serif">
<input style="position:absolute;left:20px;top:20px;width:200px;height:30px">
<button style="position:absolute;left:20px;top:80px;width:120px;height:40px"
  onclick="document.body.textContent = 'Welcome'">Sign in</button>"""
FLOW: list[Action] = [Click(100, 35), Type("alice"), Click(80, 100)]


def record(folder: str) -> None:
    """Take a screen before the first action and after each."""
    with BrowserEnvironment(PAGE, policy=Policy(schemes=("data",)), viewport=(300, 150)) as browser:
        screens = [browser.reset().image]
        for action in FLOW:
            print(f"{action.kind:6} {browser.step(action).outcome}")
            screens.append(browser.observe().image)
    ReplayEnvironment(screens, FLOW).save(folder)


def main() -> None:
    """Record, replay, and show what a wrong action looks like."""
    with TemporaryDirectory() as folder:
        record(folder)
        replay = ReplayEnvironment.load(folder)
    for action in (Click(101, 34), Type("alice"), Click(79, 101)):  # a few pixels off is fine
        replay.step(action)
    replay.require_finished()
    print("the recorded flow passes")

    replay.reset()
    wrong = replay.step(Press("Escape"))
    print(f"{wrong.outcome}: {wrong.error}")
    if wrong.outcome != "failed":
        raise SystemExit("a wrong action went unnoticed")


if __name__ == "__main__":
    main()
