"""What this machine has for focusagent, what is missing, and how to get it."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ._siblings import env, grounding

Status = Literal["ok", "missing", "optional"]
PACKAGES = ("torch", "transformers", "peft", "playwright", "pyautogui", "networkx", "numpy")


@dataclass(frozen=True)
class Check:
    """One thing looked at: `missing` stops you, `optional` switches something off."""

    name: str
    status: Status
    found: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return dataclasses.asdict(self)


def examine() -> list[Check]:
    """Look at everything; a probe that fails is a finding, never an exception."""
    checks = [_python(), *_packages(), _browser()]
    checks.extend(_desktop())
    checks.extend([_gpu(), _weights()])
    return checks


def _python() -> Check:
    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("python", "ok", system)


def _packages() -> Iterator[Check]:
    found, absent = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
    yield Check("packages", "ok", ", ".join(found))
    for name in absent:
        yield Check(name, "missing", "not installed", f"pip install {name}")


def _browser() -> Check:
    try:
        return Check("browser", "ok", env.chromium.find_browser())
    except (env.EnvError, ImportError) as error:
        return Check("browser", "missing", "none", str(error))


def _desktop() -> Iterator[Check]:
    """The display and what goes with it; none of it is needed to drive a browser."""
    setup = env.desktop_setup
    if not setup.uses_x11():
        yield from _screenshot()
        return
    try:
        display = setup.open_display()
    except env.SetupError as error:
        yield Check("display", "optional", "no desktop can be driven", str(error))
        return
    try:
        screen = display.screen()
        yield Check("display", "ok", f"{display.get_display_name()}, no Wayland in between")
        yield _xauthority(setup)
        manager = setup.window_manager(display)
        if manager:
            yield Check("window manager", "ok", manager)
        else:
            yield Check(
                "window manager",
                "optional",
                "none: the keyboard goes to the window under the pointer",
                "start one, for example openbox, if a program does not take the focus",
            )
        dpi = round(screen.width_in_pixels * 25.4 / max(1, screen.width_in_mms))
        size = f"{screen.width_in_pixels} x {screen.height_in_pixels}"
        yield Check("screen", "ok", f"{size} pixels, {dpi} DPI")
    finally:
        display.close()
    yield from _screenshot()


def _xauthority(setup: Any) -> Check:
    path = setup.xauthority()
    if path.is_file():
        return Check("xauthority", "ok", str(path))
    return Check("xauthority", "ok", "none, and the X server asks for none")


def _screenshot() -> Iterator[Check]:
    try:
        with env.DesktopEnvironment() as desktop:
            width, height = desktop.observe().image.size
        yield Check("screenshot", "ok", f"{width} x {height} pixels")
    except env.EnvError as error:
        yield Check("screenshot", "optional", "the desktop cannot be seen", str(error))


def _gpu() -> Check:
    try:
        import torch
    except ImportError:
        return Check("gpu", "optional", "unknown without torch", "pip install torch")
    if torch.cuda.is_available():
        return Check("gpu", "ok", torch.cuda.get_device_name())
    if torch.backends.mps.is_available():
        return Check("gpu", "ok", "Apple GPU")
    return Check("gpu", "ok", "none: everything runs on the CPU")


def _weights() -> Check:
    """The weights in the package, checked against their manifest."""
    folder = Path(str(grounding.__file__)).parent / "weights"
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return Check("weights", "optional", "none are bundled with this version")
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))
        for entry in entries.values():
            data = (folder / entry["file"]).read_bytes()
            if hashlib.sha256(data).hexdigest() != entry["sha256"]:
                raise ValueError(f"{entry['file']} differs from its manifest")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Check("weights", "missing", f"damaged: {error}", "install focusagent again")
    return Check("weights", "ok", ", ".join(entries))
