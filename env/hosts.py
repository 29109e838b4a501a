"""Host patterns of an allowlist: parsed and compared label by label, never as string prefixes."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from .errors import PolicyError

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


@dataclass(frozen=True)
class HostPattern:
    """One entry of an allowlist: an exact host or all its sub-domains, on any or one port."""

    host: str
    subdomains: bool = False
    port: int | None = None


def normal_host(host: str) -> str:
    """The host as browsers compare it: lower case, IDNA, no trailing dot, canonical IPv6."""
    name = host.strip("[]").lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        # Python and browsers map these to different names, so that the wrong one would be allowed.
        if any(char in "ßς\u200c\u200d" for char in name):
            raise PolicyError(f"{host!r} is not a host name: write it in its xn-- form")
        name = name.encode("idna").decode("ascii") if not name.isascii() else name
    except UnicodeError as error:
        raise PolicyError(f"{host!r} is not a host name") from error
    if not _NAME.fullmatch(name):
        raise PolicyError(f"{host!r} is not a host name")
    return name


def parse_pattern(text: str) -> HostPattern:
    """Read `example.com`, `*.example.com`, `example.com:8080` or `[::1]:8080`."""
    if not isinstance(text, str):
        raise PolicyError(f"{text!r} is not a domain: it must be a string")
    return _parsed(text.strip())


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> HostPattern:
    try:
        parts = urlsplit(f"//{text if text.count(':') < 2 or '[' in text else f'[{text}]'}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise PolicyError(f"{text!r} is not a domain: {error}") from error
    if (
        not host.removeprefix("*.")
        or parts.path
        or parts.query
        or parts.fragment
        or "@" in text
        or port == 0
    ):
        raise PolicyError(
            f"{text!r} is not a domain: write 'example.com', '*.example.com' or 'example.com:8080'"
        )
    subdomains = host.startswith("*.")
    if "*" in host[2 * subdomains :]:
        raise PolicyError(
            f"{text!r} is not a domain: the only wildcard is a leading '*.', as in '*.example.com'"
        )
    if subdomains and port is not None:
        raise PolicyError(
            f"{text!r} is not a domain: a wildcard covers every port, so leave it out"
        )
    return HostPattern(normal_host(host[2 * subdomains :]), subdomains, port)


def parse_patterns(texts: Iterable[str]) -> tuple[HostPattern, ...]:
    """All patterns of an allowlist, or an error that names the wrong one."""
    return tuple(parse_pattern(text) for text in texts)


def host_matches(host: str, pattern: HostPattern, port: int | None = None) -> bool:
    """Whether a host (and port, where known) falls under a pattern.

    `*.example.com` covers the sub-domains, not `example.com` itself.
    """
    if pattern.port is not None and port is not None and port != pattern.port:
        return False
    try:
        name = normal_host(host)
    except PolicyError:
        return False
    return name.endswith(f".{pattern.host}") if pattern.subdomains else name == pattern.host


def port_of(parts: SplitResult) -> int | None:
    """The port a URL goes to, the scheme's own where none is written."""
    return DEFAULT_PORTS.get(parts.scheme.lower()) if parts.port is None else parts.port
