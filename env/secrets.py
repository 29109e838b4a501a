"""Values that may be typed but never seen: bound to hosts, resolved at dispatch, masked after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from .errors import PolicyError
from .hosts import host_matches, parse_patterns

DESKTOP = "desktop"  # the only "domain" of a desktop, where no live host can be checked


@dataclass(frozen=True, init=False)
class Secret:
    """A value bound to the hosts it may be typed on (`"desktop"` for desktop programs).

    Its repr shows nothing. Give it to an environment as `secrets={"NAME": Secret(...)}` and type
    it with `Type(secret="NAME")`.
    """

    _value: str = field(repr=False)
    domains: tuple[str, ...]

    def __init__(self, value: str, domains: Iterable[str]) -> None:
        """Bind `value` to `domains`; both must be non-empty."""
        names = (domains,) if isinstance(domains, str) else tuple(domains)
        if not value:
            raise PolicyError("a Secret needs a value")
        if not names:
            raise PolicyError('a Secret needs domains, such as ["example.com"] or ["desktop"]')
        parse_patterns(names)
        object.__setattr__(self, "_value", value)
        object.__setattr__(self, "domains", names)

    def reveal(self) -> str:
        """The value itself: for environments, at the moment of typing, and nobody else."""
        return self._value

    def allowed_on(self, host: str) -> bool:
        """Whether the value may be typed on this live host."""
        return any(host_matches(host, pattern) for pattern in parse_patterns(self.domains))


def redact(text: str, secrets: Mapping[str, Secret]) -> str:
    """`text` with every secret value, plain or URL-encoded, replaced by its name in brackets."""
    for name, secret in sorted(secrets.items(), key=lambda item: -len(item[1].reveal())):
        value = secret.reveal()
        spellings = {value, quote(value), quote(value, safe=""), quote_plus(value)}
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, f"[{name}]")
    return text


class KeepsSecrets:
    """What every environment that types secrets answers about them, without showing one."""

    _secrets: dict[str, Secret]

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The names that `Type(secret=...)` may use here."""
        return tuple(self._secrets)

    def add_secrets(self, secrets: Mapping[str, Secret]) -> None:
        """Make more secrets known, as if it had been opened with them."""
        self._secrets.update(secrets)

    def redact(self, text: str) -> str:
        """`text` with every secret value replaced by its name in brackets."""
        return redact(text, self._secrets)
