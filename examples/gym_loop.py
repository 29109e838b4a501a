"""A Gymnasium loop: click at random until the button is hit."""

import gymnasium

from env import Observation, Policy

PAGE = """data:text/html,<title>waiting</title><body style="margin:0">
<button style="width:150px;height:150px" onclick="document.title = 'pressed'">press me</button>"""


def score(_: object, seen: Observation) -> tuple[float, bool]:
    """One point, and the end, once the page says so."""
    pressed = seen.title == "pressed"
    return float(pressed), pressed


def main() -> None:
    """Run one episode."""
    env = gymnasium.make(
        "env.gym:focusagent/Browser-v0",
        url=PAGE,
        goal="press the button",
        score=score,
        policy=Policy(schemes=("data",)),
        viewport=(300, 150),
        max_episode_steps=30,
    )
    env.action_space.seed(0)
    seen, _ = env.reset(seed=0)
    print(f"goal: {seen['goal']}, screenshot {seen['screenshot'].shape}")
    reward, over = 0.0, False
    while not over:
        action = env.action_space.sample()
        seen, points, terminated, truncated, info = env.step(action)
        reward, over = float(points), terminated or truncated
        print(f"{action} -> {info['result'].outcome}, reward {reward:g}")
    env.close()
    if reward != 1.0:
        raise SystemExit("the button was never hit")


if __name__ == "__main__":
    main()
