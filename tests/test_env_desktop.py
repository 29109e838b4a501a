"""DesktopEnvironment on real X servers, with and without a window manager, on real programs."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageGrab
from tk_app import TkApp
from web import serve
from xvfb import centre_pointer, openbox, still, wait_until, xvfb

from env import (
    Back,
    Click,
    ClosedError,
    DesktopEnvironment,
    Done,
    Drag,
    Environment,
    Hover,
    Move,
    Navigate,
    Policy,
    Press,
    Scroll,
    Secret,
    Select,
    SetupError,
    StepResult,
    Type,
    Upload,
    Wait,
)
from env.chromium import find_browser, runs_as_root
from env.desktop_screen import Frame
from env.native_typing import NativeKeyboard

pytestmark = pytest.mark.desktop

TEXT = """A<b>?é€ü漢 'q"@#~|`"""
LONG = "Größe: ±½ ÿ ÑñĄąŽž\tЖж Ωω אב ไทย 日本語 中文字符 한국어 → ✓ ﬁ\n{[(\\/)]} 100 % & so_on;\n\nEnd."
QUICK = (0.03, 1.0)


@pytest.fixture(scope="module", params=["bare", "openbox"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with xvfb() as (name, _), contextlib.ExitStack() as stack:
        if request.param == "openbox":
            stack.enter_context(openbox(name))
        yield name


@pytest.fixture(scope="module")
def program(server: str) -> Iterator[TkApp]:
    with TkApp(server) as program:
        still(server)
        yield program


@pytest.fixture
def display(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    centre_pointer(server)
    monkeypatch.setenv("DISPLAY", server)
    return server


@pytest.fixture
def app(display: str, program: TkApp) -> TkApp:
    program.clear()
    return program


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For steps that change something: however late a starved program shows it."""
    monkeypatch.setattr("env.desktop.REACTION_SECONDS", 10.0)


@pytest.fixture
def desktop(app: TkApp) -> Iterator[DesktopEnvironment]:
    with DesktopEnvironment(settle=QUICK) as environment:
        yield environment


one_server = pytest.mark.parametrize("server", ["bare"], indirect=True)  # where both are alike


def ok(result: StepResult, outcome: str = "changed") -> StepResult:
    assert (result.outcome, result.error, result.dispatched) == (outcome, None, True)
    return result


def holds(app: TkApp, field: str, text: str) -> None:
    """The field holds the text, as soon as a busy machine lets the program draw."""
    with contextlib.suppress(AssertionError):
        wait_until(lambda: app.state()[field] == text)
    assert app.state()[field] == text


@contextlib.contextmanager
def open_motions(window: int) -> Iterator[Callable[[], list[tuple[int, int]]]]:
    """Where the pointer went over a window since the last call; Tk itself leaves out what it was too slow for."""
    from Xlib import X

    from env.desktop_setup import open_display

    connection = open_display()
    connection.create_resource_object("window", window).change_attributes(
        event_mask=X.PointerMotionMask
    )
    connection.sync()

    def motions() -> list[tuple[int, int]]:
        connection.sync()
        events = [connection.next_event() for _ in range(connection.pending_events())]
        return [(event.event_x, event.event_y) for event in events]

    yield motions
    connection.close()


def refused(result: StepResult, outcome: str, *words: str) -> None:
    assert (result.outcome, result.dispatched) == (outcome, False)
    assert result.error is not None
    for word in words:
        assert word in result.error


# Typing


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("text", [TEXT, LONG], ids=["short", "long"])
def test_text_arrives_exactly(desktop: DesktopEnvironment, app: TkApp, text: str) -> None:
    assert desktop.step(Click(*app.centre("text"))).error is None
    ok(desktop.step(Type(text)))
    holds(app, "text", text)


@one_server
def test_line_ends_are_enter(desktop: DesktopEnvironment, app: TkApp) -> None:
    desktop.step(Click(*app.centre("text")))
    ok(desktop.step(Type("a\r\nb\rc")))
    holds(app, "text", "a\nb\nc")


@pytest.mark.usefixtures("patient")
def test_caps_lock_changes_nothing(desktop: DesktopEnvironment, app: TkApp) -> None:
    desktop.step(Click(*app.centre("entry")))
    desktop.step(Press("CapsLock"))
    try:
        ok(desktop.step(Type("aBé")))
    finally:  # the tests that come after share the keyboard
        desktop.step(Press("CapsLock"))
    holds(app, "entry", "aBé")


@one_server
def test_the_layout_is_given_back(display: str, app: TkApp) -> None:
    from env.desktop_setup import open_display

    connection = open_display()
    before = connection.get_keyboard_mapping(8, 248)
    with DesktopEnvironment(settle=QUICK) as desktop:
        desktop.step(Click(*app.centre("entry")))
        desktop.step(Type("漢字"))
        assert connection.get_keyboard_mapping(8, 248) != before
    assert connection.get_keyboard_mapping(8, 248) == before
    connection.close()


@one_server
def test_control_characters_are_refused(desktop: DesktopEnvironment, app: TkApp) -> None:
    desktop.step(Click(*app.centre("entry")))
    refused(desktop.step(Type("bell\x07")), "failed", "control character U+0007")
    assert app.state()["entry"] == ""


def test_text_is_never_lost_silently(desktop: DesktopEnvironment, display: str) -> None:
    with TkApp(display) as other:
        still(display)
        other.close()
    desktop.step(Click(1200, 700))  # the empty desktop: no window is there
    result = desktop.step(Type("lost"))
    if result.error is None:  # a window manager gave the focus back to the other program
        ok(result)
    else:
        refused(result, "failed", "keyboard focus", "click the field first")


def test_without_a_window_manager_the_focus_follows_the_pointer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with xvfb() as (name, _), TkApp(name) as app:
        still(name)
        monkeypatch.setenv("DISPLAY", name)
        with DesktopEnvironment(settle=QUICK) as desktop:
            desktop.step(Click(*app.centre("entry")))
            desktop.step(Move(1000, 600))
            lost = "no window has the keyboard focus: click the field first"
            refused(desktop.step(Type("lost")), "failed", lost)
            refused(desktop.step(Press("Enter")), "failed", lost)
            assert app.state()["entry"] == ""


def test_focus_without_a_window_under_a_window_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    with xvfb() as (name, _), openbox(name):
        monkeypatch.setenv("DISPLAY", name)
        with DesktopEnvironment(settle=QUICK) as desktop:
            refused(desktop.step(Type("lost")), "failed", "keyboard focus", "click the field")


def test_focus_outside_the_region(display: str, app: TkApp) -> None:
    with DesktopEnvironment(settle=QUICK) as whole:
        whole.step(Click(*app.centre("entry")))
    with DesktopEnvironment(region=(1100, 600, 100, 100), settle=QUICK) as corner:
        refused(corner.step(Type("x")), "failed", "focus lies outside what is seen")


@one_server
@pytest.mark.parametrize(
    ("keys", "event"),
    [
        ("Enter", ["Key", "Return", 0]),
        ("ArrowDown", ["Key", "Down", 0]),
        ("F5", ["Key", "F5", 0]),
        ("PageUp", ["Key", "Prior", 0]),
        ("Shift+F7", ["Key", "F7", 1]),
        ("Control+S", ["Key", "s", 4]),
        ("Control+Shift+S", ["Key", "S", 5]),
        ("ctrl+alt+Delete", ["Key", "Delete", 12]),
        ("?", ["Key", "question", 1]),
        ("é", ["Key", "eacute", 0]),
    ],
)
def test_keys_and_chords(
    desktop: DesktopEnvironment, app: TkApp, keys: str, event: list[Any]
) -> None:
    desktop.step(Click(*app.centre("entry")))
    result = desktop.step(Press(keys))
    assert result.error is None
    assert app.state()["events"][-1] == event


@one_server
def test_editing_with_keys(desktop: DesktopEnvironment, app: TkApp) -> None:
    desktop.step(Click(*app.centre("entry")))
    for action in (Type("abc"), Press("Home"), Press("Delete"), Press("End"), Press("Backspace")):
        assert desktop.step(action).error is None
    holds(app, "entry", "b")


@one_server
def test_an_unknown_key_is_named_with_a_close_one(desktop: DesktopEnvironment, app: TkApp) -> None:
    desktop.step(Click(*app.centre("entry")))
    refused(desktop.step(Press("Entr")), "failed", "unknown key 'Entr'", "did you mean 'Enter'")


# The pointer


def test_clicks_land_on_the_pixel(desktop: DesktopEnvironment, app: TkApp) -> None:
    left, top, _, _ = app.state()["boxes"]["pad"]
    for dx, dy, button, number in (
        (10, 20, "left", 1),
        (31.9, 7.2, "middle", 2),
        (5, 5, "right", 3),
    ):
        desktop.step(Click(left + dx, top + dy, button=button))  # type: ignore[arg-type]
        down, up = [e for e in app.state()["events"] if e[0].startswith("Button")][-2:]
        assert down[:4] == ["ButtonPress", number, int(dx), int(dy)]
        assert up[:4] == ["ButtonRelease", number, int(dx), int(dy)]


@one_server
def test_double_click_and_modifiers(desktop: DesktopEnvironment, app: TkApp) -> None:
    x, y = app.centre("pad")
    desktop.step(Click(x, y, count=2))
    assert [event[0] for event in app.state()["events"]].count("Double") == 1
    desktop.step(Click(x, y, modifiers=("Control", "Shift")))
    presses = [event for event in app.state()["events"] if event[0] == "ButtonPress"]
    assert presses[-1][4] == 5
    desktop.step(Click(x, y))
    assert [e for e in app.state()["events"] if e[0] == "ButtonPress"][-1][4] == 0


@one_server
def test_drag_and_hover(desktop: DesktopEnvironment, app: TkApp) -> None:
    left, top, _, _ = app.state()["boxes"]["pad"]
    desktop.step(Drag(left + 10, top + 10, left + 200, top + 40))
    events = app.state()["events"]
    names = [event[0] for event in events]
    down, up = names.index("ButtonPress"), names.index("ButtonRelease")
    assert events[down][2:4] == [10, 10]
    assert events[up][2:4] == [200, 40]
    assert "Motion" in names[down:up]
    with open_motions(app.state()["pad"]) as motions:
        desktop.step(Hover(left + 50, top + 30))
        assert motions()[-1] == (50, 30)
        desktop.step(Hover(left + 50, top + 30))
        assert motions() == [(49, 30), (50, 30)], "it leaves where it is and comes back"


@one_server
def test_scroll_directions(desktop: DesktopEnvironment, app: TkApp) -> None:
    x, y = app.centre("pad")
    for dy, dx, button, notches in (
        (300, 0, 5, 3),
        (-40, 0, 4, 1),
        (0, 200, 7, 2),
        (0, -100, 6, 1),
    ):
        app.clear()
        desktop.step(Scroll(x, y, dy, dx))
        presses = [e[1] for e in app.state()["events"] if e[0] == "ButtonPress"]
        assert presses == [button] * notches or button > 5  # Tk 8.6 tells nothing of 6 and 7


@one_server
def test_fail_safe(desktop: DesktopEnvironment, display: str, app: TkApp) -> None:
    import pyautogui

    x, y = app.centre("entry")
    desktop.step(Click(x, y))
    assert desktop.step(Move(0, 0)).error is None  # a target in a corner is moved inside
    assert desktop.step(Move(1279, 799)).error is None
    assert desktop.step(Move(x, y)).error is None
    module = pyautogui.platformModule
    with desktop._input.ready((0, 0, 1280, 800)):  # a person pushes the pointer into a corner
        module._moveTo(1279, 0)
    for action in (Click(x, y), Type("x"), Press("Enter")):
        refused(desktop.step(action), "blocked", "corner of the screen", "failsafe=False")
    with DesktopEnvironment(failsafe=False, settle=QUICK) as daring:
        assert daring.step(Move(x, y)).error is None
        assert daring.step(Move(0, 0)).error is None
        assert daring.step(Move(x, y)).error is None


@one_server
def test_fail_safe_stops_a_drag_and_lets_go(
    desktop: DesktopEnvironment, app: TkApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyautogui

    left, top, _, _ = app.state()["boxes"]["pad"]
    real, moves = pyautogui.platformModule._moveTo, []

    def pushed(x: int, y: int) -> None:
        moves.append((x, y))
        real(*((0, 0) if len(moves) == 6 else (x, y)))

    monkeypatch.setattr(pyautogui.platformModule, "_moveTo", pushed)
    result = desktop.step(Drag(left + 10, top + 10, left + 250, top + 40))
    assert (result.outcome, result.dispatched) == ("blocked", True)
    monkeypatch.undo()
    buttons = desktop._display.screen().root.query_pointer().mask & 0x1F00
    assert buttons == 0


# Region, policy, what a desktop cannot do


@one_server
def test_region_is_all_there_is(display: str, app: TkApp) -> None:
    left, top, width, height = app.state()["boxes"]["pad"]
    with DesktopEnvironment(region=(left, top, width, height), settle=QUICK) as desktop:
        seen = desktop.observe()
        assert seen.image.size == (width, height) == seen.viewport
        assert (seen.origin, seen.scale) == ((left, top), (1.0, 1.0))
        app.clear()
        desktop.step(Click(12, 34))
        assert app.state()["events"][-1][2:4] == [12, 34]
        refused(
            desktop.step(Click(width, 5)), "failed", "outside the screen", f"{width} x {height}"
        )
        refused(desktop.step(Drag(1, 1, -3, 5)), "failed", "outside the screen")


@one_server
@pytest.mark.parametrize("region", [(0, 0, 5000, 10), (-1, 0, 10, 10), (5, 5, 0, 5)])
def test_a_region_off_the_screen(display: str, region: tuple[int, int, int, int]) -> None:
    with pytest.raises(SetupError, match="does not lie on the screen, which is"):
        DesktopEnvironment(region=region)


def test_a_retina_frame_is_cropped_by_its_scale() -> None:
    image = Image.new("RGB", (400, 300))
    part = Frame(image, (2.0, 1.5), (-100.0, 20.0)).crop((-50, 40, 30, 20))
    assert (part.image.size, part.origin) == ((60, 30), (-50.0, 40.0))
    assert part.bounds == (-50, 40, 30, 20)


@one_server
def test_dry_run_and_max_actions(display: str, app: TkApp) -> None:
    app.clear()
    x, y = app.centre("pad")
    with DesktopEnvironment(policy=Policy(dry_run=True), settle=QUICK) as desktop:
        refused(desktop.step(Click(x, y)), "blocked", "dry run")
        assert app.state()["events"] == []
        assert [decision.allowed for decision in desktop.decisions] == [False]
    with DesktopEnvironment(policy=Policy(max_actions=2), settle=QUICK) as desktop:
        assert isinstance(desktop, Environment)
        ok(desktop.step(Wait(0)), "no change")
        assert desktop.step(Move(x, y)).error is None
        refused(desktop.step(Move(x, y)), "blocked", "max_actions is 2")
        desktop.reset()
        assert desktop.step(Move(x, y)).error is None
        assert [d.allowed for d in desktop.decisions] == [True, True, False, True]


@one_server
def test_what_a_desktop_cannot_do(desktop: DesktopEnvironment) -> None:
    for action in (Navigate("https://example.com"), Back()):
        refused(desktop.step(action), "failed", "needs a BrowserEnvironment")
    refused(desktop.step(Select(5, 5, "x")), "failed", "click the list")
    refused(desktop.step(Upload(5, 5, ("a",))), "blocked", "outside upload_roots")
    done = desktop.step(Done())
    assert (done.outcome, done.dispatched, done.error) == ("no change", False, None)
    assert desktop.observe().last is done


@one_server
def test_a_screen_that_never_rests(display: str) -> None:
    with TkApp(display) as busy, DesktopEnvironment(settle=(0.4, 2.0)) as desktop:
        still(display)
        busy.command("blink")
        x, y = busy.centre("entry")
        results = (ok(desktop.step(Click(x, y))) for _ in range(5))
        assert any(not result.settled for result in results), "it rests only while it is starved"


# Secrets

VALUE = "Tr0ub4dor&3é"


def shows(image: Image.Image, glyphs: np.ndarray) -> bool:
    """Whether the pixels of `glyphs` stand anywhere on `image`."""
    screen = np.asarray(image.convert("RGB"))
    height, width = glyphs.shape[:2]
    first = int(np.argmax((glyphs != glyphs[0, 0]).any(axis=2).sum(axis=1)))  # the row most inked
    wanted = glyphs[first].tobytes()
    for y in range(first, screen.shape[0] - height + first + 1):
        line, at = screen[y].tobytes(), -1
        while (at := line.find(wanted, at + 1)) >= 0:
            x, misaligned = divmod(at, 3)
            patch = screen[y - first : y - first + height, x : x + width]
            if not misaligned and (patch == glyphs).all():
                return True
    return False


def test_a_typed_secret_is_not_seen_again(display: str) -> None:
    secrets = {"PW": Secret(VALUE, ["desktop"]), "WEB": Secret("other-value", ["example.com"])}
    with TkApp(display) as app, DesktopEnvironment(settle=QUICK, secrets=secrets) as desktop:
        still(display)
        app.command("move 420x300+300+100")
        ok(desktop.step(Click(*app.centre("entry"))))
        result = ok(desktop.step(Type(secret="PW")))
        holds(app, "entry", VALUE)
        x1, y1, x2, y2 = result.changed_box or (0, 0, 0, 0)
        bare = ImageGrab.grab(xdisplay=display)
        glyphs = np.asarray(bare.crop((x1 + 10, y1 + 3, x1 + 60, y2 - 2)))
        assert shows(bare, glyphs), "the checker must find the secret where nothing hides it"
        for change in (None, "move 420x300+520+260", "move 420x300+301+101"):
            if change:
                app.command(change)
                still(display)
                moved = ImageGrab.grab(xdisplay=display)
                assert shows(moved, glyphs)
            assert not shows(desktop.observe().image, glyphs)
        desktop.step(Press("Home"))
        desktop.step(Type("shifted "))
        assert shows(ImageGrab.grab(xdisplay=display), glyphs)
        assert not shows(desktop.reset().image, glyphs)
        bare_words = desktop.step(Type(f"the value {VALUE}"))
        refused(bare_words, "blocked", "holds the secret 'PW'")
        refused(desktop.step(Type(secret="WEB")), "failed", "may not be typed on a desktop")
        refused(desktop.step(Type(secret="PIN")), "failed", "no secret 'PIN'", "PW, WEB")
        said = repr((vars(desktop), result, bare_words, desktop.decisions, desktop.observe()))
        assert VALUE not in said
        assert "other-value" not in said


# Problems of the machine: one sentence each

OPEN = """
import sys
from env import DesktopEnvironment, SetupError
try:
    DesktopEnvironment().close()
except SetupError as error:
    print(error)
else:
    print("opened")
"""


def opening(**changes: str) -> str:
    names = {"DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"}
    base = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", OPEN],
        env=base | changes,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1, "one sentence, and nothing printed by libraries"
    return done.stdout.strip()


def test_no_display() -> None:
    said = opening()
    assert said.startswith("DISPLAY is not set")
    assert "xvfb-run" in said


@pytest.mark.parametrize("name", ["WAYLAND_DISPLAY", "XDG_SESSION_TYPE"])
def test_wayland(name: str) -> None:
    said = opening(**{name: "wayland"})
    assert said.startswith("this is a Wayland session")
    assert "Xorg session" in said


def test_dead_display() -> None:
    name = f":{20_000 + os.getpid() % 30_000}"  # a low number may be another worker's server
    assert opening(DISPLAY=name).startswith(f"no X server answers at DISPLAY={name}: start it")


def test_malformed_display() -> None:
    assert opening(DISPLAY="nonsense") == "DISPLAY is 'nonsense': it must look like `:0`"


def test_missing_xauthority_file_is_no_problem(tmp_path: Path) -> None:
    with xvfb() as (name, _):
        assert opening(DISPLAY=name, XAUTHORITY=str(tmp_path / "none")) == "opened"
        assert opening(DISPLAY=name, HOME=str(tmp_path)) == "opened"
        assert opening(DISPLAY=name, XDG_SESSION_TYPE="wayland") == "opened"


def test_wrong_or_missing_cookie(tmp_path: Path) -> None:
    def cookie(number: str, data: bytes) -> bytes:
        fields = (socket.gethostname().encode(), number.encode(), b"MIT-MAGIC-COOKIE-1", data)
        return struct.pack(">H", 256) + b"".join(struct.pack(">H", len(f)) + f for f in fields)

    held, other, none = tmp_path / "held", tmp_path / "other", tmp_path / "none"
    held.write_bytes(cookie("", b"k" * 16))
    with xvfb(auth=held) as (name, _):
        other.write_bytes(cookie(name[1:], b"w" * 16))
        said = opening(DISPLAY=name, XAUTHORITY=str(other))
        assert said.startswith(f"the X server {name} refused the connection because {other}")
        assert "holds no valid cookie" in said
        assert "does not exist: set XAUTHORITY" in opening(DISPLAY=name, XAUTHORITY=str(none))
        other.write_bytes(cookie(name[1:], b"k" * 16))
        assert opening(DISPLAY=name, XAUTHORITY=str(other)) == "opened"


def test_the_server_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    with xvfb() as (name, pid):
        monkeypatch.setenv("DISPLAY", name)
        desktop = DesktopEnvironment(settle=QUICK)
        os.kill(pid, signal.SIGKILL)
        started = time.monotonic()
        for call in (desktop.observe, lambda: desktop.step(Move(5, 5)), desktop.reset):
            with pytest.raises(ClosedError, match="X server is gone: open a new environment"):
                call()
        desktop.close()
        desktop.close()
        with pytest.raises(ClosedError, match="was closed"):
            desktop.observe()
        assert time.monotonic() - started < 60
    with xvfb("640x480") as (name, _):  # the next one works, though pyautogui knew the dead one
        monkeypatch.setenv("DISPLAY", name)
        with DesktopEnvironment(settle=QUICK) as again:
            assert again.observe().image.size == (640, 480)
            ok(again.step(Move(100, 100)), "no change")
            assert again._display.screen().root.query_pointer().root_x == 100


@one_server
@pytest.mark.slow
def test_steps_leave_nothing_behind(display: str, app: TkApp) -> None:
    import psutil

    me = psutil.Process()
    entry, text, pad = (app.centre(name) for name in ("entry", "text", "pad"))
    DesktopEnvironment(settle=QUICK).close()

    def held() -> tuple[int, int, int]:
        return me.num_fds(), me.num_threads(), len(me.children(recursive=True))

    before = held()
    with DesktopEnvironment(settle=(0.01, 0.5)) as desktop:
        for _ in range(6):
            for action in (Click(*text), Type("é1"), Press("Enter"), Click(*entry), Type("x")):
                assert desktop.step(action).error is None
            desktop.observe()
        assert desktop.step(Hover(*pad)).error is None
    assert held() == before


# What the other systems do with text, without those systems


class Recorder:
    """Stands where pyautogui and pyperclip stand on Windows and macOS."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.clip = "kept"

    def __getattr__(self, name: str) -> Any:
        return lambda text: self.calls.append((name, text))

    def isValidKey(self, name: str) -> bool:
        return name != "F24"

    def paste(self) -> str:
        return self.clip

    def copy(self, text: str) -> None:
        self.clip = text
        self.calls.append(("copy", text))


def test_native_text_is_pasted_only_where_no_key_writes_it() -> None:
    system = Recorder()
    keyboard = NativeKeyboard(system, system, lambda seconds: None)
    keyboard.type("plain text, 20 long.", lambda: None)
    assert "".join(text for name, text in system.calls if name == "write") == "plain text, 20 long."
    system.calls.clear()
    keyboard.type("é", lambda: None)
    assert system.calls == [
        ("copy", "é"), ("keyDown", "ctrl"), ("press", "v"), ("keyUp", "ctrl"), ("copy", "kept")
    ]  # fmt: skip
    assert keyboard.needs_clipboard("漢")
    assert not keyboard.needs_clipboard("a~\n\t")


# A browser as a desktop program: the exact DOM pixel at every scale

PAGE = """<!doctype html><title>Pixels</title><style>body{margin:0;background:#fff}
#field{position:absolute;left:20px;top:150px;width:300px}</style><input id=field>
<script>seen=[];onmousedown=e=>seen.push([e.clientX,e.clientY]);</script>"""
PLACE = """() => ({x: screenX, y: screenY, w: outerWidth, h: outerHeight, iw: innerWidth,
ih: innerHeight, dpr: devicePixelRatio})"""


@pytest.mark.browser
@pytest.mark.parametrize(
    "scale", [1, *(pytest.param(scale, marks=pytest.mark.slow) for scale in (1.25, 1.5, 2))]
)
def test_the_exact_dom_pixel(scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from playwright.sync_api import sync_playwright

    arguments = [f"--force-device-scale-factor={scale}", "--window-position=0,0"]
    arguments += ["--window-size=600,390"] + ["--no-sandbox"] * runs_as_root()
    with (
        xvfb("1280x900") as (name, _),
        serve({"/": PAGE}) as url,
        sync_playwright() as playwright,
        playwright.chromium.launch(
            headless=False,
            executable_path=find_browser(),
            args=arguments,
            env=os.environ | {"DISPLAY": name},
        ) as browser,
    ):
        page = browser.new_page(no_viewport=True)
        page.goto(url)
        still(name)
        monkeypatch.setenv("DISPLAY", name)
        place = page.evaluate(PLACE)
        assert place["dpr"] == scale
        with DesktopEnvironment(settle=QUICK) as desktop:
            left = place["x"] + (place["w"] - place["iw"]) / 2
            top = place["y"] + place["h"] - place["ih"]
            points = [(0, 0), (100, 40), (333, 77), (421, 203), (540, 131)]
            for x, y in points:
                desktop.step(Click(math.ceil((left + x) * scale), math.ceil((top + y) * scale)))
            assert page.evaluate("seen") == [list(point) for point in points]
            box = page.locator("#field").bounding_box()
            assert box
            centre = (left + box["x"] + 50) * scale, (top + box["y"] + 10) * scale
            ok(desktop.step(Click(*centre)))
            ok(desktop.step(Type(TEXT + " 🙂")))
            wait_until(lambda: len(page.input_value("#field")) >= len(TEXT) + 2)
            assert page.input_value("#field") == TEXT + " 🙂"
