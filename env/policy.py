"""What may be done, and where to: decided outside any model, each decision kept.

An environment is opened with its policy and enforces it in the network and at dispatch; whoever
drives the environment reads `env.policy`.
"""

from __future__ import annotations

import dataclasses
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from .errors import PolicyError
from .hosts import HostPattern, host_matches, normal_host, parse_patterns, port_of

START = "@start"  # stands for the origin of the page the environment is opened on


@dataclass(frozen=True)
class Decision:
    """One answer of the policy: about what, allowed or not, by which rule, when."""

    subject: str
    allowed: bool
    rule: str
    at: float = dataclasses.field(default_factory=time.time)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What an environment may do.

    `allowed_domains=None` lets the browser go anywhere; a list is enforced in the network.
    `confirm` names words and action kinds for which whoever drives the environment must ask first.
    """

    allowed_domains: tuple[str, ...] | None = None
    schemes: tuple[str, ...] = ("http", "https")
    downloads: bool = True
    max_download_mb: float = 100.0
    upload_roots: tuple[str, ...] = ()
    confirm: tuple[str, ...] = ()
    dialogs: Literal["dismiss", "accept"] = "dismiss"
    max_actions: int | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Check every field, so that a wrong policy fails before anything is opened."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            object.__setattr__(self, field.name, _checked(field.name, value))
        if self.allowed_domains is not None:
            parse_patterns(name for name in self.allowed_domains if name != START)

    @classmethod
    def strict(cls, **changes: Any) -> Policy:
        """The start page's own origin and nothing else."""
        return cls(allowed_domains=(START,), **changes)

    @classmethod
    def from_toml(cls, path: str | Path) -> Policy:
        """Read a policy from the `[policy]` table of a TOML file."""
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise PolicyError(f"cannot read the policy file {path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"the policy file {path} is not valid TOML: {error}") from error
        table = data.get("policy")
        if not isinstance(table, Mapping) or len(data) != 1:
            raise PolicyError(f"the policy file {path} must hold one table, [policy]")
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = [name for name in table if name not in known]
        if unknown:
            raise PolicyError(
                f"the policy file {path} has an unknown setting {unknown[0]!r}; "
                f"settings are: {', '.join(known)}"
            )
        try:
            return cls(**table)
        except PolicyError as error:
            raise PolicyError(f"the policy file {path}: {error}") from error

    def patterns(self, start_url: str) -> tuple[HostPattern, ...] | None:
        """The allowlist with the start page's origin filled in; None where any host is allowed."""
        if self.allowed_domains is None:
            return None
        named = parse_patterns(name for name in self.allowed_domains if name != START)
        parts = urlsplit(start_url)
        if START not in self.allowed_domains or not parts.hostname:
            return named
        return (*named, HostPattern(normal_host(parts.hostname), port=port_of(parts)))

    def check_url(self, url: str, start_url: str) -> Decision:
        """Whether a page or request may go to `url`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", port_of(parts)
        except ValueError:
            return Decision(url, False, "not a URL")
        if any(char == "\\" or char <= " " for char in parts.netloc):
            return Decision(url, False, "not a URL")  # browsers end the host at a backslash
        scheme = parts.scheme.lower()
        if scheme == "about":
            blank = parts.path in ("blank", "srcdoc")
            return Decision(url, blank, "about:blank and about:srcdoc only")
        if {"ws": "http", "wss": "https"}.get(scheme, scheme) not in self.schemes:
            return Decision(url, False, f"scheme {scheme or '(none)'} is not in schemes")
        patterns = self.patterns(start_url)
        if patterns is None or scheme in ("file", "data", "blob"):
            return Decision(url, True, f"scheme {scheme} is allowed")
        allowed = any(host_matches(host, pattern, port) for pattern in patterns)
        return Decision(url, allowed, f"host {host} is {'' if allowed else 'not '}allowed")

    def check_upload(self, path: str) -> Decision:
        """Whether this file may be uploaded: it must exist under one of `upload_roots`."""
        real = Path(path).expanduser().resolve()
        if not any(real.is_relative_to(Path(r).expanduser().resolve()) for r in self.upload_roots):
            return Decision(path, False, "the file lies outside upload_roots")
        if not real.is_file():
            return Decision(path, False, "there is no such file")
        return Decision(path, True, "the file lies under upload_roots")


def _strings(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) and item for item in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


_RULES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "allowed_domains": (
        "a list of domains, such as ['example.com'], or left out",
        lambda value: value is None or _strings(value),
    ),
    "schemes": (
        "a list of schemes, such as ['https']",
        lambda value: bool(value) and _strings(value),
    ),
    "downloads": ("true or false", lambda value: isinstance(value, bool)),
    "max_download_mb": ("a number above 0", _number),
    "upload_roots": ("a list of folders", _strings),
    "confirm": ("a list of words or action kinds", _strings),
    "dialogs": ("'dismiss' or 'accept'", lambda value: value in ("dismiss", "accept")),
    "max_actions": (
        "a whole number above 0, or left out",
        lambda value: value is None or (_number(value) and isinstance(value, int)),
    ),
    "dry_run": ("true or false", lambda value: isinstance(value, bool)),
}


def _checked(name: str, value: Any) -> Any:
    wanted, fits = _RULES[name]
    if isinstance(value, list | set | frozenset) or (
        name == "upload_roots" and isinstance(value, tuple)
    ):
        value = tuple(str(item) if isinstance(item, Path) else item for item in value)
    if not fits(value):
        raise PolicyError(f"{name} must be {wanted}, not {value!r}")
    return value
