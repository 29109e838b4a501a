"""Secrets: typed only where they belong, and never seen again."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from web import CENTRE, serve

import env
from env import BrowserEnvironment, Click, Navigate, PolicyError, Press, Secret, Type
from env.secrets import redact

VALUE = "hunter2 é&<x>"
COLOUR = (255, 0, 200)  # the pages write everything in it, so that a shown value is found by colour
STYLE = f"<style>*{{color:rgb{COLOUR};font:20px monospace;margin:0}}input{{margin:4px}}</style>"
PAGES = {
    "/": STYLE + "<title>Sign in</title><input id=name><br><input id=pass type=password><br>"
    "<textarea id=area></textarea><div id=echo></div>"
    "<form action=/shown><input name=q id=q><button></button></form>",
    "/shown": STYLE + "<div id=out></div><script>"
    "out.textContent=document.title=new URLSearchParams(location.search).get('q')</script>",
    "/closed": STYLE + "<input id=name><div id=host></div><script>"
    "root=host.attachShadow({mode:'closed'});div=document.createElement('div');root.append(div);"
    f"div.style='color:rgb{COLOUR};font:20px monospace';"
    "document.getElementById('name').oninput=e=>{div.textContent=e.target.value;e.target.value=''}"
    "</script>",
    "/split": STYLE + "<input id=name><p id=out></p><script>"
    "document.getElementById('name').oninput=e=>{for(const c of e.target.value){"
    "const b=document.createElement('b');b.textContent=c;out.append(b)};e.target.value=''}</script>",
    "/inner": STYLE + "<body style='margin:30px'><input id=name autofocus style='width:200px'>",
    # The value stands in a script at the end of the page; the second field is empty.
    "/script": STYLE + "<input id=name><br><input id=other style='width:300px;height:40px'>"
    f"<script>const known = '{VALUE}';</script>",
    "/popup": STYLE + "<input id=name><a href=/second target=_blank>x</a>",
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serve(PAGES) as url:
        yield url


@pytest.fixture(scope="module")
def shared(site: str) -> Iterator[BrowserEnvironment]:
    secrets = {
        "PW": Secret(VALUE, domains=["127.0.0.1", "localhost"]),
        "OTHER": Secret("elsewhere", domains=["bank.example"]),
    }
    with BrowserEnvironment(site + "/", secrets=secrets) as browser:
        yield browser


@pytest.fixture
def browser(shared: BrowserEnvironment) -> BrowserEnvironment:
    shared.reset()
    return shared


def ink(image: Image.Image) -> int:
    """How many pixels have the text's hue: anti-aliased ones too."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return int(
        ((pixels[..., 0] - pixels[..., 1] > 60) & (pixels[..., 2] - pixels[..., 1] > 40)).sum()
    )


def shown(browser: BrowserEnvironment) -> int:
    """Ink in the picture as it really is: proves that the checker can find a value."""
    return ink(browser._loop.run(browser._session.frame()).image())


def click(browser: BrowserEnvironment, selector: str) -> None:
    browser.step(Click(*browser.evaluate(CENTRE, selector)))


@pytest.mark.browser
@pytest.mark.parametrize("field", ["#name", "#pass", "#area"])
def test_fields_are_masked(browser: BrowserEnvironment, field: str) -> None:
    click(browser, field)
    result = browser.step(Type(secret="PW"))
    assert (result.outcome, result.error) == ("changed", None)
    assert browser.evaluate("document.activeElement.value") == VALUE
    assert shown(browser) > 50
    assert ink(browser.observe().image) == 0


@pytest.mark.browser
def test_an_empty_field_is_not_masked(browser: BrowserEnvironment, site: str) -> None:
    browser.step(Navigate(site + "/script"))
    click(browser, "#name")
    browser.step(Type(secret="PW"))
    x, y = browser.evaluate(CENTRE, "#other")
    picture = browser.observe().image.convert("RGB")
    assert picture.getpixel((round(x), round(y))) == (255, 255, 255)
    assert ink(browser.observe().image) == 0


@pytest.mark.browser
@pytest.mark.parametrize("page", ["/closed", "/split"])
def test_echoes_are_masked(browser: BrowserEnvironment, site: str, page: str) -> None:
    browser.step(Navigate(site + page))
    click(browser, "#name")
    browser.step(Type(secret="PW"))
    assert shown(browser) > 50
    assert ink(browser.observe().image) == 0


@pytest.mark.browser
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])  # the second is another process
def test_frames_are_masked(browser: BrowserEnvironment, site: str, host: str) -> None:
    source = site.replace("127.0.0.1", host) + "/inner"
    browser.evaluate(
        "src => { document.body.innerHTML = '<p style=\"height:150px\">above</p>'"
        " + '<iframe style=\"margin-left:90px;border:7px solid gray\" width=400 height=200></iframe>';"
        " const f = document.querySelector('iframe');"
        " return new Promise(done => { f.onload = done; f.src = src }) }",
        source,
    )
    x, y = browser.evaluate(
        "() => { const b = document.querySelector('iframe').getBoundingClientRect();"
        " return [b.x + 7 + 60, b.y + 7 + 45] }"
    )
    browser.evaluate("document.querySelector('p').remove()")  # its ink is not the value's
    browser.step(Click(x, y - 150 if y > 200 else y))
    assert browser.step(Type(secret="PW")).error is None
    assert shown(browser) > 50
    assert ink(browser.observe().image) == 0


@pytest.mark.browser
def test_url_title_and_tabs_hold_no_value(browser: BrowserEnvironment) -> None:
    click(browser, "#q")
    browser.step(Type(secret="PW"))
    browser.step(Press("Enter"))
    assert "hunter2" in browser.evaluate("location.href")
    assert shown(browser) > 50
    seen = browser.observe()
    assert ink(seen.image) == 0
    assert "hunter2" not in repr(seen)
    assert "[PW]" in seen.title
    assert "[PW]" in seen.url


@pytest.mark.browser
def test_scrolled_pages_are_masked(browser: BrowserEnvironment) -> None:
    browser.evaluate(
        "document.body.insertAdjacentHTML('afterbegin', '<div style=\"height:900px\">')"
    )
    browser.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<div style=\"height:900px\">')"
    )
    browser.evaluate("scrollTo(0, 500)")
    click(browser, "#name")
    browser.step(Type(secret="PW"))
    browser.evaluate("scrollTo(0, 700)")
    assert shown(browser) > 50
    assert ink(browser.observe().image) == 0


@pytest.mark.browser
def test_only_on_its_domains(browser: BrowserEnvironment, site: str) -> None:
    click(browser, "#name")
    wrong = browser.step(Type(secret="OTHER"))
    assert (wrong.outcome, "may not be typed on 127.0.0.1" in str(wrong.error)) == ("failed", True)
    unknown = browser.step(Type(secret="NOPE"))
    assert "OTHER, PW" in str(unknown.error)
    assert browser.evaluate("document.getElementById('name').value") == ""
    assert any(
        d.subject == "secret OTHER on 127.0.0.1" and not d.allowed for d in browser.decisions
    )


@pytest.mark.browser
def test_a_page_cannot_lie_about_its_focus(browser: BrowserEnvironment, site: str) -> None:
    """An allowed frame in a page that is not allowed: the page claims that the frame is focused."""
    browser._secrets["INNER"] = Secret("only there", domains=["localhost"])
    browser.evaluate(
        "src => { const f = document.createElement('iframe'); document.body.append(f);"
        " Object.defineProperty(document, 'activeElement', {get: () => f});"
        " return new Promise(done => { f.onload = done; f.src = src }) }",
        site.replace("127.0.0.1", "localhost") + "/inner",
    )
    click(browser, "#name")
    assert "may not be typed on 127.0.0.1" in str(browser.step(Type(secret="INNER")).error)
    assert browser.evaluate("document.getElementById('name').value") == ""


@pytest.mark.browser
def test_the_value_itself_is_refused_as_text(browser: BrowserEnvironment) -> None:
    click(browser, "#name")
    result = browser.step(Type("my " + VALUE))
    assert result.outcome == "blocked"
    assert "hunter2" not in repr(result)
    assert "hunter2" not in repr(browser.decisions)


def test_a_secret_shows_nothing() -> None:
    secret = Secret(VALUE, domains=["example.com"])
    assert "hunter2" not in f"{secret!r} {secret} {[secret]}"
    assert pickle.loads(pickle.dumps(secret)) == secret


@pytest.mark.parametrize(
    ("value", "domains", "says"),
    [("", ["a.com"], "value"), ("x", [], "domains"), ("x", ["https://a.com"], "not a domain")],
)
def test_secrets_must_be_bound(value: str, domains: list[str], says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        Secret(value, domains=domains)


def test_redaction_finds_encoded_values() -> None:
    secrets = {"PW": env.Secret("a b&c/é", domains=["x.com"])}
    for text in ("a b&c/é", "?q=a+b%26c%2F%C3%A9", "?q=a%20b%26c%2F%C3%A9", "a%20b%26c/%C3%A9"):
        assert redact(f"<{text}>", secrets) in ("<[PW]>", "<?q=[PW]>")
