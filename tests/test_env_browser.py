"""BrowserEnvironment against a real Chromium and real pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from web import CENTRE, serve

from env import (
    Back,
    BrowserEnvironment,
    Click,
    ClosedError,
    CloseTab,
    Drag,
    Hover,
    Navigate,
    NewTab,
    Policy,
    PolicyError,
    Press,
    Reload,
    Scroll,
    Select,
    SetupError,
    StepResult,
    SwitchTab,
    Type,
    Upload,
    Wait,
)  # fmt: skip

pytestmark = pytest.mark.browser

HOME = """<title>Home</title><style>body{margin:0;font:16px sans-serif}*{box-sizing:border-box}
#pad{width:400px;height:100px;background:#eee}#menu:hover::after{content:' opened'}</style>
<div id=pad></div><input id=text><span id=menu>menu</span>
<select id=native><option>One<option value=2>Two words</select>
<button id=fake>Pick</button><ul id=list hidden><li role=option>Red<li role=option>Green</ul>
<button id=alert onclick="said=[confirm('Sure?'),prompt('Name?','Bob')];alert('done')">ask</button>
<a id=next href=/second>next</a> <a id=popup href=/second target=_blank>popup</a>
<input type=file id=file multiple><a id=get download='re/po:rt.txt' href='data:text/plain,hi'>get</a>
<iframe id=frame srcdoc="<body style='margin:0'><input id=inner style='margin:20px'>"></iframe>
<canvas id=canvas width=60 height=40></canvas><div id=tall style="height:3000px">tall</div>
<script>
log=[];said=null;
for (const kind of ['mousedown','mouseup','click','dblclick','contextmenu','auxclick','mousemove'])
  pad.addEventListener(kind,e=>log.push([kind,e.clientX,e.clientY,e.button,e.ctrlKey,e.detail]));
pad.oncontextmenu=e=>e.preventDefault();
keys=[];text.onkeydown=e=>keys.push(e.key+(e.ctrlKey?'^':''));
fake.onclick=()=>list.hidden=false;
for (const li of document.querySelectorAll('li')) li.onclick=()=>{fake.textContent=li.textContent;list.hidden=true};
</script>"""
PAGES = {
    "/": HOME,
    "/second": "<title>Second</title><h1>Second</h1><a href=/>home</a>",
    "/busy": "<canvas id=c></canvas><script>setInterval(()=>{const p=c.getContext('2d');"
    "p.fillStyle='#'+Math.random().toString(16).slice(2,8);p.fillRect(0,0,300,150)},5)</script>",
    "/slow": "<button onclick='setTimeout(()=>document.body.append(\"late\"),120)'>go</button>",
    "/loop": "<button onclick='for(;;);'>hang</button>",
    "/leave": "<input id=i><script>onbeforeunload=e=>{e.preventDefault();return 'x'}</script>",
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serve(PAGES) as url:
        yield url


@pytest.fixture(scope="module")
def shared(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserEnvironment]:
    folder = tmp_path_factory.mktemp("browser")
    policy = Policy(upload_roots=(str(folder),), dialogs="accept")
    with BrowserEnvironment(
        site + "/", policy=policy, downloads_dir=str(folder / "down")
    ) as browser:
        browser.folder = folder  # type: ignore[attr-defined]
        yield browser


@pytest.fixture
def browser(shared: BrowserEnvironment) -> BrowserEnvironment:
    shared.reset()
    return shared


def at(browser: BrowserEnvironment, selector: str) -> tuple[float, float]:
    x, y = browser.evaluate(CENTRE, selector)
    return x, y


def ok(result: StepResult, outcome: str = "changed") -> StepResult:
    assert (result.outcome, result.error) == (outcome, None)
    assert result.dispatched
    return result


def test_observation(browser: BrowserEnvironment, site: str) -> None:
    seen = browser.observe()
    assert seen.image.size == (1280, 800)
    assert (seen.viewport, seen.scale, seen.origin) == ((1280, 800), (1, 1), (0, 0))
    assert (seen.url, seen.title, len(seen.tabs)) == (site + "/", "Home", 1)
    assert seen.tabs[0].active
    assert seen.last is None
    result = browser.step(Click(50, 50))
    assert browser.observe().last is result


def test_clicks_land_on_the_pixel_that_was_meant(browser: BrowserEnvironment) -> None:
    browser.step(Drag(5, 6, 300, 80))
    assert browser.evaluate("log.at(-1)[0]") in ("click", "mouseup")
    assert browser.evaluate("log.at(-1).slice(1, 3)") == [300, 80]
    ok(browser.step(Click(123, 45, modifiers=("Control",))), "no change")
    browser.step(Click(399, 99, button="right"))
    browser.step(Click(1, 0, button="middle"))
    browser.step(Click(10, 20, count=2))
    log = browser.evaluate("log")
    kinds = {kind: entry for entry in log for kind in [entry[0]] if kind != "mousemove"}
    assert ["mousedown", 123, 45, 0, True, 1] in log
    assert ["click", 123, 45, 0, True, 1] in log
    assert kinds["contextmenu"][1:4] == [399, 99, 2]
    assert kinds["auxclick"][1:3] == [1, 0] or ["auxclick", 1, 0, 1, False, 1] in log
    assert kinds["dblclick"][1:3] == [10, 20]
    assert ["mousedown", 5, 6, 0, False, 1] in log


def test_what_moved_since_the_last_look_is_told(browser: BrowserEnvironment) -> None:
    browser.observe()
    assert not browser.step(Click(200, 50)).stirred
    browser.observe()
    browser.evaluate("pad.style.marginTop = '30px'")
    assert browser.step(Click(200, 20)).stirred
    assert not browser.step(Click(900, 700)).stirred, "nothing moved there"


def test_typing_is_exact(browser: BrowserEnvironment) -> None:
    text = "A<b>?é€ü漢 'q\"@#~| 😀👩‍👩‍👧"
    ok(browser.step(Click(*at(browser, "#text"))))
    ok(browser.step(Type(text)))
    assert browser.evaluate("text.value") == text
    browser.step(Press("ctrl+a"))
    browser.step(Press("Backspace"))
    assert browser.evaluate("text.value") == ""
    assert browser.evaluate("keys")[-3:] == ["Control^", "a^", "Backspace"]


def test_caret_does_not_show(browser: BrowserEnvironment) -> None:
    browser.step(Click(*at(browser, "#text")))
    frames = {
        browser.observe().image.tobytes() for _ in range(4) if not browser.step(Wait(0.3)).error
    }
    assert len(frames) == 1


def test_hover_and_scroll(browser: BrowserEnvironment) -> None:
    ok(browser.step(Hover(*at(browser, "#menu"))))
    ok(browser.step(Scroll(200, 600, dy=350)))
    assert browser.evaluate("scrollY") == 350
    ok(browser.step(Scroll(200, 600, dy=-100)))
    assert browser.evaluate("scrollY") == 250


def test_native_and_drawn_dropdowns(browser: BrowserEnvironment) -> None:
    ok(browser.step(Select(*at(browser, "#native"), "Two words")))
    assert browser.evaluate("document.querySelector('#native').value") == "2"
    missing = browser.step(Select(*at(browser, "#native"), "Three"))
    assert missing.outcome == "failed"
    assert "One, Two words" in str(missing.error)
    ok(browser.step(Select(*at(browser, "#fake"), "Green")))
    assert browser.evaluate("fake.textContent") == "Green"
    assert "no option 'Blue'" in str(browser.step(Select(*at(browser, "#fake"), "Blue")).error)


def test_native_dropdown_is_visible_and_answers_keys(browser: BrowserEnvironment) -> None:
    opened = ok(browser.step(Click(*at(browser, "#native"))))
    assert opened.changed_box is not None
    browser.step(Press("ArrowDown"))
    browser.step(Press("Enter"))
    assert browser.evaluate("document.querySelector('#native').value") == "2"


def test_select_and_click_inside_a_frame(browser: BrowserEnvironment) -> None:
    x, y = browser.evaluate(
        "() => { const b = frame.getBoundingClientRect(); return [b.x + 2 + 60, b.y + 2 + 30] }"
    )
    ok(browser.step(Click(x, y)))
    ok(browser.step(Type("in the frame")))
    assert browser.evaluate("frame.contentDocument.getElementById('inner').value") == "in the frame"


def test_dialogs_are_answered_and_recorded(browser: BrowserEnvironment) -> None:
    browser.step(Click(*at(browser, "#alert")))
    assert browser.evaluate("said") == [True, "Bob"]
    seen = [(d.kind, d.message, d.answer) for d in browser.observe().dialogs]
    assert seen == [
        ("confirm", "Sure?", "accepted"), ("prompt", "Name?", "accepted"),
        ("alert", "done", "accepted"),
    ]  # fmt: skip


def test_upload(browser: BrowserEnvironment) -> None:
    folder: Path = browser.folder  # type: ignore[attr-defined]
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    place = at(browser, "#file")
    ok(browser.step(Upload(*place, (str(folder / "a.txt"), str(folder / "b.txt")))))
    assert browser.evaluate("[...file.files].map(f => f.name)") == ["a.txt", "b.txt"]
    for path in ("/etc/passwd", str(folder / ".." / ".." / "x"), str(folder / "none.txt")):
        result = browser.step(Upload(*place, (path,)))
        assert (result.outcome, result.dispatched) == ("blocked", False)
        assert not [d for d in browser.decisions if d.subject == path and d.allowed]
    nothing = browser.step(Upload(5, 5, (str(folder / "a.txt"),)))
    assert "no file chooser" in str(nothing.error)


def test_download(browser: BrowserEnvironment) -> None:
    browser.step(Click(*at(browser, "#get")))
    (download,) = browser.observe().downloads
    assert download.error is None
    assert download.path is not None
    assert Path(download.path).read_text() == "hi"
    assert "/" not in download.name
    assert Path(download.path).stat().st_mode & 0o777 == 0o600


def test_a_folder_for_downloads_is_made_only_when_there_is_one(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with BrowserEnvironment(site + "/") as browser:
        assert not list(tmp_path.glob("focusagent-*"))
        browser.step(Click(*at(browser, "#get")))
        (download,) = browser.observe().downloads
        (folder,) = tmp_path.glob("focusagent-*")
        assert download.path is not None
        assert Path(download.path).parent == folder


def test_tabs_and_popups(browser: BrowserEnvironment, site: str) -> None:
    ok(browser.step(Click(*at(browser, "#popup"))), "navigated")
    seen = browser.observe()
    assert [(tab.title, tab.active) for tab in seen.tabs] == [("Home", False), ("Second", True)]
    ok(browser.step(SwitchTab(0)), "navigated")
    assert browser.observe().title == "Home"
    ok(browser.step(NewTab(site + "/second")), "navigated")
    assert len(browser.observe().tabs) == 3
    ok(browser.step(CloseTab(0)), "no change")
    assert browser.observe().title == "Second"
    assert "there is no tab 9" in str(browser.step(SwitchTab(9)).error)
    browser.step(CloseTab())
    browser.step(CloseTab())
    assert browser.observe().url == "about:blank"
    ok(browser.step(Navigate(site + "/")), "navigated")


def test_navigation(browser: BrowserEnvironment, site: str) -> None:
    ok(browser.step(Click(*at(browser, "#next"))), "navigated")
    assert browser.observe().url == site + "/second"
    ok(browser.step(Back()), "navigated")
    assert browser.observe().title == "Home"
    ok(browser.step(Reload()), "navigated")
    for url in ("javascript:alert(1)", "file:///etc/passwd", "chrome://version", "view-source:x"):
        assert browser.step(Navigate(url)).outcome == "blocked"
    refused = browser.step(Navigate("http://127.0.0.1:9/"))
    assert refused.outcome == "failed"
    assert refused.error


def test_leaving_a_page_that_asks_to_stay(browser: BrowserEnvironment, site: str) -> None:
    browser.step(Navigate(site + "/leave"))
    browser.step(Click(*at(browser, "#i")))
    browser.step(Type("x"))
    ok(browser.step(Navigate(site + "/second")), "navigated")


def test_a_late_reaction_is_waited_for(browser: BrowserEnvironment, site: str) -> None:
    browser.step(Navigate(site + "/slow"))
    browser.step(Click(*at(browser, "button")))
    browser.step(Wait(0.2))
    assert browser.evaluate("document.body.textContent").endswith("late")


@pytest.mark.slow
def test_a_page_that_repaints_forever_does_not_hold_us(
    browser: BrowserEnvironment, site: str
) -> None:
    assert browser.step(Navigate(site + "/busy")).outcome == "navigated"
    result = browser.step(Click(10, 10))
    assert (result.outcome, result.settled) == ("changed", False)
    assert result.seconds < 6


def test_a_navigation_that_never_ends(site: str) -> None:
    with BrowserEnvironment(site + "/", load_timeout=4) as browser:
        result = browser.step(Navigate(site + "/hang"))
        assert result.outcome == "failed"
        assert "Timeout" in str(result.error)
        assert result.seconds < 12
        ok(browser.step(Navigate(site + "/second")), "navigated")


@pytest.mark.slow  # waits 15 seconds for an answer
def test_a_hanging_page_can_be_left(site: str) -> None:
    with BrowserEnvironment(site + "/loop", load_timeout=3) as browser:
        stuck = browser.step(Click(*at(browser, "button")))
        assert stuck.outcome == "failed"
        ok(browser.step(NewTab(site + "/second")), "navigated")
        assert browser.observe().title == "Second"


@pytest.mark.parametrize(
    "again", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 2))]
)  # the browser as a whole used to die with the page
def test_crash(browser: BrowserEnvironment, site: str, again: int) -> None:
    session = browser._session
    with pytest.raises(Exception, match="ERR_ABORTED|crash"):
        browser._loop.run(session.tabs.states[0].page.goto("chrome://crash", timeout=60_000))
    assert "has crashed" in browser.observe().title
    assert browser.observe().image.getextrema() == ((255, 255),) * 3
    click = browser.step(Click(5, 5))
    assert (click.outcome, "crashed" in str(click.error)) == ("failed", True)
    ok(browser.step(Navigate(site + "/second")), "navigated")
    assert browser.observe().title == "Second"


def test_points_and_keys_that_do_not_exist(browser: BrowserEnvironment) -> None:
    for point in ((-1, 5), (1280, 5), (5, 800), (1e9, 5)):
        result = browser.step(Click(*point))
        assert (result.outcome, result.dispatched) == ("failed", False)
        assert "outside the screen" in str(result.error)
    assert "did you mean 'Enter'" in str(browser.step(Press("Entr")).error)


def test_budget_and_dry_run(site: str) -> None:
    with BrowserEnvironment(site + "/", policy=Policy(max_actions=2)) as browser:
        outcomes = [browser.step(Click(5, 5)).outcome for _ in range(3)]
        assert outcomes == ["no change", "no change", "blocked"]
        assert browser.evaluate("log.filter(e => e[0] == 'click').length") == 2
        browser.reset()
        assert browser.step(Click(5, 5)).outcome == "no change"
    with BrowserEnvironment(site + "/", policy=Policy(dry_run=True)) as browser:
        result = browser.step(Click(5, 5))
        assert (result.outcome, "dry run" in str(result.error)) == ("blocked", True)
        assert browser.evaluate("log") == []
        assert any(not decision.allowed for decision in browser.decisions)


def test_start_page_must_be_allowed_and_reachable(site: str) -> None:
    with pytest.raises(PolicyError, match="scheme file"):
        BrowserEnvironment("file:///etc/passwd")
    with pytest.raises(SetupError, match="did not open"):
        BrowserEnvironment("http://127.0.0.1:9/")
    with pytest.raises(SetupError, match="there is no browser at"):
        BrowserEnvironment(site, executable="/no/such/browser")
    with pytest.raises(SetupError, match="no browser answers"):
        BrowserEnvironment(site, cdp_url="http://127.0.0.1:9")
    with pytest.raises(SetupError, match="storage state"):
        BrowserEnvironment(site, storage_state="/no/such/file")


@pytest.mark.parametrize("scale", [pytest.param(1.25, marks=pytest.mark.slow), 2.0])
def test_device_scale(site: str, scale: float) -> None:
    with BrowserEnvironment(site + "/", device_scale=scale) as browser:
        assert browser.observe().image.size == (1280, 800)
        browser.step(Click(321, 77))
        assert ["click", 321, 77, 0, False, 1] in browser.evaluate("log")


def test_under_a_running_event_loop(site: str) -> None:
    async def notebook() -> str:
        with BrowserEnvironment(site + "/") as browser:
            return browser.observe().title

    assert asyncio.run(notebook()) == "Home"


def test_storage_state(site: str, tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    with BrowserEnvironment(site + "/") as browser:
        browser.evaluate("localStorage.setItem('who', 'me')")
        browser.save_storage_state(state)
    with BrowserEnvironment(site + "/", storage_state=state) as browser:
        assert browser.evaluate("localStorage.getItem('who')") == "me"


def test_video_is_recorded_or_says_what_it_needs(site: str, tmp_path: Path) -> None:
    said = ""
    try:
        with BrowserEnvironment(site + "/", video_dir=str(tmp_path)) as browser:
            browser.observe()
    except SetupError as error:
        said = str(error)
    assert "playwright install ffmpeg" in said or list(tmp_path.glob("*.webm"))


def test_a_closed_environment_says_so(site: str) -> None:
    browser = BrowserEnvironment(site + "/")
    browser.close()
    browser.close()
    for use in (browser.observe, browser.reset, lambda: browser.step(Back())):
        with pytest.raises(ClosedError, match="open a new one"):
            use()
