"""What counts as proof: dead controls, cut texts, complaints and popups on a drawn application."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawn_app import SIZE, Control, DrawnApp, Knowing, font
from PIL import Image, ImageDraw

import env
from focusagent.agent import Agent, Request, Settings
from focusagent.agent.eyes import Seen, shared_grounder
from focusagent.agent.overlays import overlay_at, overlay_shown
from focusagent.agent.typed import says

QUICK = Settings(step_timeout=0.4, patience=0.3)


def agent(app: DrawnApp, **options: Any) -> Agent:
    options.setdefault("grounder", Knowing(app))
    return Agent(app, settings=QUICK, **options)


class Form(DrawnApp):
    """A field that may keep only a part, or something else, of what is typed into it."""

    def __init__(
        self, keeps: Callable[[str], str] = str, field: str = "Code", policy: Any = None
    ) -> None:
        super().__init__(Control("textbox", field, 20, 60), policy=policy)
        self.keeps = keeps
        self.answer = ""  # what the page says to Enter

    def _type(self, text: str, *, secret: bool = False) -> None:
        super()._type(self.keeps(text), secret=secret)

    def _do(self, action: env.Action) -> None:
        super()._do(action)
        if action == env.Press("Enter") and self.answer:
            self.messages.append(self.answer)


# --- what was typed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("123456", "1234"), ("INV-1001", "INV-1002"), ("1250.00", "1200.00"), ("Meeting", "Meet")],
)
def test_a_field_that_keeps_something_else_is_no_success(typed: str, kept: str) -> None:
    assert agent(Form(lambda text: kept)).run(f'type "{typed}" into Code').status == "unverified"
    assert agent(Form()).run(f'type "{typed}" into Code').is_successful()


def test_a_long_text_in_a_short_field_may_show_a_part() -> None:
    text = "the quick brown fox jumps over the lazy dog"
    full = Form(lambda text: text[-20:])
    full.controls[0].width = 180
    assert agent(full).run(f'type "{text}" into Code').is_successful()
    wide = Form(lambda text: text[-20:])
    wide.controls[0].width = 420
    assert agent(wide).run(f'type "{text}" into Code').status == "unverified"


class Restless(Form):
    """A page that moved between the last look and the click."""

    def step(self, action: env.Action) -> env.StepResult:
        stirred = isinstance(action, env.Click)
        return dataclasses.replace(super().step(action), stirred=stirred)


def test_what_moved_before_the_click_is_no_success() -> None:
    assert agent(Restless()).run('type "abc" into Code').status == "unverified"


class Offers(DrawnApp):
    """Three rows, the buttons of which all say the same; a click may find them moved."""

    def __init__(self, by: int = 0) -> None:
        super().__init__()
        self._by = by
        self.accepted: list[str] = []
        for row, name in enumerate(("Warehouse lease", "Forklift service", "Night shift")):
            self.controls.append(Control("text", name, 20, 60 + 60 * row))
            self.controls.append(
                Control("button", "Accept", 300, 60 + 60 * row, self._accepted(name))
            )

    def _accepted(self, name: str) -> Callable[[], None]:
        def accept() -> None:
            self.accepted.append(name)
            at = next(i for i, each in enumerate(self.controls) if each.name == name)
            self.controls[at + 1].name = "Accepted"

        return accept

    def step(self, action: env.Action) -> env.StepResult:
        if isinstance(action, env.Click):
            for each in self.controls:
                each.y += self._by
            self._by = 0
        return super().step(action)


class Announced(Offers):
    """A message above the rows pushes them down; it names the row whose button was clicked."""

    def _accepted(self, name: str) -> Callable[[], None]:
        def accept() -> None:
            self.accepted.append(name)
            for each in self.controls:
                each.y += 34
            self.controls.append(Control("text", f"{name} was accepted", 20, 20))

        return accept


@pytest.mark.parametrize("kind", [Offers, Announced])
@pytest.mark.parametrize("by", [0, 60])
def test_a_row_that_moved_away_from_under_the_click_is_no_success(
    kind: type[Offers], by: int
) -> None:
    app = kind(by)
    run = agent(app, grounder="default").run('click "Accept" in the row of "Forklift service"')
    assert app.accepted == ["Warehouse lease" if by else "Forklift service"]
    assert run.is_successful() is (by == 0)


def test_one_line_of_two_is_not_the_text() -> None:
    app = Form(lambda text: text.splitlines()[0], field="Note")
    app.controls[0].width = 400
    made = agent(app)
    assert made.type("Note", "First line\nSecond line").status == "unverified"


def test_a_text_that_went_elsewhere_first_leaves_a_doubt() -> None:
    app = Form(field="Name")
    app.controls.append(Control("textbox", "Other", 260, 60))
    clicks: list[float] = []
    click = app._click

    def astray(x: float, y: float) -> None:  # the first click puts the focus into the other field
        clicks.append(x)
        click(x + 240 if len(clicks) == 1 else x, y)

    app._click = astray  # type: ignore[method-assign]
    run = agent(app).run('type "alice" into Name')
    assert (app.named("Name").value, app.named("Other").value) == ("alice", "alice")
    assert run.status == "unverified"


# --- Enter, and what a page says to it


@pytest.mark.parametrize("words", ['type "bob" into Code and press Enter', "submit"])
def test_a_complaint_about_enter_is_seen(words: str) -> None:
    app = Form()
    app.answer = "Invalid user"
    made = agent(app)
    if words == "submit":
        from focusagent.planner.intents import Target, Type

        steps = [made.do(Type("bob", Target("Code"), submit=True))]
    else:
        steps = list(made.run(words).steps)
    assert steps[-1].status == "unverified"
    assert any(proof.detail == "Invalid user" for proof in steps[-1].evidence)
    app = Form()
    app.answer = "Hello Bob"
    assert agent(app).run('type "bob" into Code and press Enter').is_successful()


def test_to_submit_is_asked_about() -> None:
    from focusagent.planner.intents import Target, Type

    asked: list[str] = []

    def no(request: Request) -> bool:
        asked.append(request.text)
        return False

    app = Form(policy=env.Policy(confirm=("submit",)))
    made = agent(app, approve=no)
    with pytest.raises(Exception, match="submit"):
        made.do(Type("bob", Target("Code"), submit=True))
    assert asked == ["submit by Enter"]
    assert "Enter" not in app.done


# --- clicks


def test_what_moves_by_itself_does_not_prove_a_click() -> None:
    app = DrawnApp(Control("button", "Save", 20, 150), Control("text", "0", 300, 60))

    def tick() -> None:
        app.controls[1].name = f"{app.looks:04}"

    app.on_look = tick
    assert agent(app).run("click Save").status == "unverified"
    app.controls[0].on_click = lambda: app.messages.append("Saved")
    assert agent(app).run("click Save").is_successful()


def test_a_click_on_a_label_that_focuses_nothing_goes_on_to_the_field_beside_it() -> None:
    app = DrawnApp(Control("text", "Amount", 20, 60), Control("textbox", "", 200, 60, value="12"))
    run = agent(app).run('type "40" into Amount')
    assert app.controls[1].value == "40"
    assert run.is_successful(), run.summary()


class Watched(DrawnApp):
    """Keeps the keys that were pressed and the texts that were typed."""

    def _do(self, action: env.Action) -> None:
        if isinstance(action, env.Press | env.Type):
            self.done.append(action.keys if isinstance(action, env.Press) else "typed")
        super()._do(action)


def test_without_a_field_nothing_is_selected_and_no_secret_is_typed() -> None:
    app = Watched(Control("text", "Amount", 20, 60))
    run = agent(app).run('type "40" into Amount')
    assert run.status != "verified"
    assert app.done == ["Amount", "typed", "Amount"]
    secrets = {"PIN": env.Secret("4711", domains=("app.test",))}
    app = Watched(Control("text", "Amount", 20, 60), secrets=secrets)
    run = agent(app).run("type {PIN} into Amount")
    assert (run.status, app.done) == ("failed", ["Amount"])
    assert "puts the focus into no field" in run.message


# --- popups


class Veiled(DrawnApp):
    """An application with a dialog over it: what lies in it, and whether it dims the rest."""

    def __init__(self, *controls: Control, over: tuple[Control, ...], bar: bool = False) -> None:
        super().__init__(*controls, *over)
        self.over, self.bar = over, bar
        for each in over:
            if each.kind == "button" and each.on_click is None:
                each.on_click = self.close_it

    def close_it(self) -> None:
        self.controls = [each for each in self.controls if each not in self.over]

    def draw(self, *, masked: bool = False) -> Image.Image:
        every, self.controls = self.controls, [e for e in self.controls if e not in self.over]
        image = super().draw(masked=masked)
        self.controls = every
        if any(each in every for each in self.over):
            if not self.bar:
                image = Image.blend(image, Image.new("RGB", SIZE, "black"), 0.5)
            pen = ImageDraw.Draw(image)
            box = (0, 250, SIZE[0], SIZE[1]) if self.bar else (230, 20, 460, 230)
            pen.rectangle(box, fill="#e8eef4" if self.bar else "white")
            for each in self.over:
                self._draw_control(pen, each, masked)
        return image


def save() -> Control:
    return Control("button", "Save", 20, 150)


def dialog(*names: str) -> Veiled:
    buttons = [Control("button", name, 260, 80 + 50 * i) for i, name in enumerate(names)]
    app = Veiled(save(), over=(Control("text", "Our new plans", 260, 40), *buttons))
    app.controls[0].on_click = lambda: app.messages.append("Saved")
    return app


def cookie_bar() -> Veiled:
    return Veiled(
        save(),
        over=(
            Control("text", "We use cookies on this site", 10, 252),
            Control("button", "Accept", 300, 260, width=80),
            Control("button", "Decline", 390, 260, width=80),
        ),
        bar=True,
    )


def test_a_popup_is_closed_by_what_agrees_to_nothing() -> None:
    app = dialog("Accept all", "Close")

    class Covered(Knowing):  # the veil hides the page
        def ground(self, image: Image.Image, instruction: str) -> Any:
            covered = app.over[0] in app.controls
            return super().ground(image, "nothing" if covered else instruction)

    run = agent(app, grounder=Covered(app)).run("click Save")
    assert app.done == ["Close", "Save"]
    assert run.is_successful(), run.summary()
    assert any(proof.what == "a popup was closed" for proof in run.steps[0].evidence)


@pytest.mark.parametrize("button", ["Decline", "Close", "Skip"])
def test_a_button_of_the_page_itself_is_no_popup(button: str) -> None:
    app = DrawnApp(Control("button", button, 20, 60), Control("textbox", "Name", 20, 160))
    run = agent(app).run("click Archive")
    assert (run.reason, app.done) == ("gave up", [])


def test_a_popup_is_not_closed_against_the_policy() -> None:
    app = dialog("Close")
    app._policy = env.Policy(confirm=("click",))
    run = agent(app).run("click Archive")
    assert (run.reason, app.done) == ("refused", [])


def test_cookies_are_declined_and_an_offer_in_a_dialog_is_not() -> None:
    app = cookie_bar()
    agent(app).run("click Archive")
    assert app.done == ["Decline"]
    app = dialog("Decline")
    agent(app).run("click Archive")
    assert app.done == []


def test_a_banner_is_accepted_and_is_gone() -> None:
    app = cookie_bar()
    run = agent(app).run("accept the cookie banner")
    assert app.done == ["Accept"]
    assert run.is_successful(), run.summary()
    app = cookie_bar()
    app.over[1].on_click = lambda: app.messages.append("Thinking")
    assert agent(app).run("accept the cookie banner").status == "unverified"


def test_a_dialog_is_closed() -> None:
    app = dialog("OK", "Close")
    run = agent(app).run("close the popup")
    assert app.done == ["Close"]
    assert run.is_successful(), run.summary()


@pytest.mark.parametrize("task", ["accept the cookie banner", "close the popup"])
def test_without_a_banner_no_ordinary_button_is_used(task: str) -> None:
    app = DrawnApp(Control("button", "Continue", 20, 60), Control("button", "Close", 20, 120))
    run = agent(app).run(task)
    assert (run.reason, app.done) == ("gave up", [])


def test_a_telling_button_on_the_page_is_used_but_nothing_is_claimed() -> None:
    app = DrawnApp()
    app.controls = [Control("button", "Got it", 20, 60, lambda: app.messages.append("Thanks"))]
    run = agent(app).run("close the popup")
    assert (run.status, app.done) == ("unverified", ["Got it"])


def test_overlays_are_told_from_the_page() -> None:
    for app, there in ((dialog("Close"), True), (cookie_bar(), True), (Form(), False)):
        seen = Seen(app.draw(), shared_grounder("default"), [0.0])
        button = app.controls[-1]
        assert (overlay_at(seen, button.box) is not None) is there
    seen = Seen(cookie_bar().draw(), shared_grounder("default"), [0.0])
    assert overlay_shown(seen, "the cookie banner")
    assert not overlay_shown(seen, "the newsletter popup")
    assert overlay_shown(seen, "the Save button") is None


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("a confirmation dialog", True),
        ("a popup", True),
        ("the warning", True),
        ("a confirmation message", True),
        ("an alert box about plans", True),
        ("a cookie banner", False),
        ("the deletion dialog", False),
        ("the Go back button in the dialog", None),
    ],
)
def test_a_dialog_is_seen_whatever_its_buttons_are_called(words: str, answer: bool | None) -> None:
    seen = Seen(dialog("Go back", "Yes, approve").draw(), shared_grounder("default"), [0.0])
    assert overlay_shown(seen, words) is answer
    page = DrawnApp(Control("text", "Our new plans", 260, 40), Control("button", "Go back", 20, 60))
    on_page = Seen(page.draw(), shared_grounder("default"), [0.0])
    assert not overlay_shown(on_page, words)


def test_a_no_about_a_dialog_is_not_proved_while_another_is_open() -> None:
    run = agent(dialog("Go back", "Yes, approve")).run('if a deletion dialog appears, click "Yes"')
    assert (run.steps[0].outcome.value, run.status) == ("no", "unverified")
    run = agent(dialog("Go back", "Yes, approve")).run(
        'if a confirmation dialog appears, click "Yes, approve"'
    )
    assert run.steps[0].outcome.value == "yes"
    assert run.is_successful(), run.summary()
    plain = DrawnApp(Control("button", "Archive", 20, 60))
    run = agent(plain).run('if a confirmation dialog appears, click "Yes", otherwise stop')
    assert (run.steps[0].outcome.value, run.steps[0].evidence[0].ok) == ("no", True)


def test_a_popup_may_have_a_cross_alone() -> None:
    image = Image.new("RGB", SIZE, "#777777")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((60, 50, 420, 270), radius=18, fill="white")
    pen.text((90, 150), "Get our weekly newsletter", fill="#222222", font=font(18))
    for ends in ((384, 74, 396, 86), (384, 86, 396, 74)):
        pen.line(ends, fill="#222222", width=2)
    seen = Seen(image, shared_grounder("default"), [0.0])
    assert overlay_shown(seen, "a newsletter popup")
    assert not overlay_shown(seen, "a cookie banner")


# --- choosing and uploading


class Drop(DrawnApp):
    """A drawn dropdown; `chooses` is what it shows after an option was clicked."""

    def __init__(self, *options: str, chooses: str = "", policy: Any = None) -> None:
        super().__init__(Control("textbox", "Plan", 20, 40), policy=policy)
        self.options, self.chooses = options, chooses
        self.controls[0].on_click = self.open

    def open(self) -> None:
        for number, name in enumerate(self.options):

            def choose(name: str = name) -> None:
                self.controls = self.controls[:1]
                self.controls[0].value = self.chooses or name

            self.controls.append(Control("text", name, 24, 90 + 40 * number, choose))


def test_another_option_is_not_the_one() -> None:
    assert agent(Drop("Net 30", "Net 60")).run('select "Net 60" in Plan').is_successful()
    for option, shown in (("Plan A", "Plan B"), ("Net 30", "Net 60"), ("Fast", "Fast plus")):
        run = agent(Drop(option, chooses=shown)).run(f'select "{option}" in Plan')
        assert run.status == "unverified"


def test_an_option_is_asked_about() -> None:
    app = Drop("Delete", "Keep", policy=env.Policy(confirm=("delete",)))
    run = agent(app).run('select "Delete" in Plan')
    assert run.reason == "refused"
    assert app.named("Plan").value == ""
    asked: list[str] = []

    def yes(request: Request) -> bool:
        asked.append(request.text)
        return True

    agent(app, approve=yes).run('select "Delete" in Plan')
    assert app.named("Plan").value == "Delete"
    assert any("Delete" in text for text in asked)


@pytest.mark.parametrize(
    ("shown", "same"), [("Plan A", True), ("plan A  v", True), ("Plan B", False), ("A", False)]
)
def test_a_value_is_compared_whole(shown: str, same: bool) -> None:
    image = Image.new("RGB", (300, 100), "white")
    ImageDraw.Draw(image).text((20, 40), shown, "black", font())
    seen = Seen(image, shared_grounder("default"), [0.0])
    assert says(seen, (0, 0, 300, 100), "Plan A") is same


def test_a_file_that_was_on_the_screen_before_proves_no_upload(tmp_path: Path) -> None:
    (tmp_path / "cv.txt").write_text("x")
    app = DrawnApp(
        Control("button", "Attach", 20, 40),
        Control("text", "cv.txt", 260, 60),
        policy=env.Policy(upload_roots=(str(tmp_path),)),
    )
    made = agent(app)
    assert made.upload("Attach", tmp_path / "cv.txt").status == "unverified"
    do = app._do

    def arrives(action: env.Action) -> None:
        do(action)
        if isinstance(action, env.Upload):
            app.controls.append(Control("text", "cv.txt", 260, 120))

    app._do = arrives  # type: ignore[method-assign]
    step = made.upload("Attach", tmp_path / "cv.txt")
    assert step.status == "verified"
    assert any(proof.what == "it is Attach" for proof in step.evidence)
