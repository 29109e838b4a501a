"""Host patterns of an allowlist: parsed and compared label by label, never as string prefixes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from .errors import PolicyError

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True)
class HostPattern:
    """One entry of an allowlist: an exact host or all its sub-domains, on any or one port."""

    host: str
    subdomains: bool = False
    port: int | None = None


def normal_host(host: str) -> str:
    """The host as browsers compare it: lower case, IDNA, no trailing dot, canonical IPv6."""
    name = host.strip().rstrip(".").lower().strip("[]")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise PolicyError(f"{host!r} is not a host name") from error


def parse_pattern(text: str) -> HostPattern:
    """Read `example.com`, `*.example.com`, `example.com:8080` or `[::1]:8080`."""
    if not isinstance(text, str) or not text.strip() or "/" in text or "@" in text:
        raise PolicyError(
            f"{text!r} is not a domain: write 'example.com', '*.example.com' or 'example.com:8080'"
        )
    try:
        parts = urlsplit(f"//{text.strip() if text.count(':') < 2 or '[' in text else f'[{text}]'}")
        port = parts.port
    except ValueError as error:
        raise PolicyError(f"{text!r} is not a domain: {error}") from error
    host = parts.hostname or ""
    subdomains = host.startswith("*.")
    host = normal_host(host[2:] if subdomains else host)
    if not host or "*" in host or any(char.isspace() for char in host):
        raise PolicyError(
            f"{text!r} is not a domain: the only wildcard is a leading '*.', as in '*.example.com'"
        )
    return HostPattern(host, subdomains, port)


def parse_patterns(texts: Iterable[str]) -> tuple[HostPattern, ...]:
    """All patterns of an allowlist, or an error that names the wrong one."""
    return tuple(parse_pattern(text) for text in texts)


def host_matches(host: str, pattern: HostPattern, port: int | None = None) -> bool:
    """Whether a host (and port, where known) falls under a pattern.

    `*.example.com` covers the sub-domains, not `example.com` itself.
    """
    if pattern.port is not None and port is not None and port != pattern.port:
        return False
    name = normal_host(host)
    return name.endswith(f".{pattern.host}") if pattern.subdomains else name == pattern.host


def port_of(parts: SplitResult) -> int | None:
    """The port a URL goes to, the scheme's own where none is written."""
    return parts.port or DEFAULT_PORTS.get(parts.scheme.lower())
