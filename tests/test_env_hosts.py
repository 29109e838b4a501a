"""Host patterns, URLs against a policy, and policy files: what looks allowed must be allowed."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from env.errors import PolicyError
from env.hosts import host_matches, normal_host, parse_pattern, parse_patterns
from env.policy import Policy

START = "https://start.test/app"
POLICY = Policy(
    allowed_domains=(
        "good.com", "*.wild.com", "ported.com:8080", "127.0.0.1", "[::1]:9000", "bücher.example",
    )
)  # fmt: skip
labels = st.text("abcxyz019-", min_size=1, max_size=8).filter(
    lambda label: label.strip("-") == label
)
hosts = st.lists(labels, min_size=2, max_size=4).map(".".join).filter(
    lambda host: not host.split(".")[-1][0].isdigit()
)  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "http://good.com/",
        "https://good.com",
        "https://GOOD.com/x",
        "https://good.com./x",
        "https://good.com:8443/x",
        "https://user:word@good.com/x",
        "https://good.com/?to=https://evil.com",
        "https://a.wild.com/",
        "https://a.b.wild.com:444/",
        "http://ported.com:8080/",
        "http://127.0.0.1:5000/",
        "http://[::1]:9000/",
        "http://[0:0:0:0:0:0:0:1]:9000/",
        "https://bücher.example/",
        "https://xn--bcher-kva.example/",
        "wss://good.com/socket",
        "about:blank",
        "about:srcdoc",
    ],
)
def test_what_is_allowed(url: str) -> None:
    assert POLICY.check_url(url, START).allowed


@pytest.mark.parametrize(
    "url",
    [
        "https://good.com.evil.com/",
        "https://evil.com/good.com",
        "https://evil.com/?good.com",
        "https://evil.com/#good.com",
        "https://good.com@evil.com/",
        "https://good.com:pass@evil.com/",
        "https://good.com%40evil.com/",
        "https://evil.com\\@good.com/",
        "https://good.com\\@evil.com/",
        "https://good.com\\.evil.com/",
        "https:/\\evil.com/",
        "https:\\\\evil.com\\good.com",
        "https:///evil.com/good.com",
        "https://goodxcom/",
        "https://good.co/",
        "https://notgood.com/",
        "https://good.community/",
        "https://good-com.evil.com/",
        "https://www.good.com/",
        "https://.good.com/",
        "https://good.com../",
        "https://xn--good-com.evil.com/",
        "https://gооd.com/",  # with Cyrillic o
        "https://good.com。evil.com/",
        "https://ɡood.com/",
        "https://wild.com/",
        "https://wild.com.evil.com/",
        "https://awild.com/",
        "https://ported.com/",
        "http://ported.com:80/",
        "http://ported.com:8081/",
        "http://ported.com:0/",
        "http://ported.com:99999/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.2/",
        "http://127.0.0.1.evil.com/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::1]/",
        "http://[::2]:9000/",
        "http://[::1",
        "https://xn--bcher-kv.example/",
        "https://bucher.example/",
        "https:good.com/",
        "//good.com/",
        "good.com",
        "",
        "https://good.com /",
        "https://good\x00.com/",
        " https://evil.com/",
    ],
)
def test_what_only_looks_allowed(url: str) -> None:
    assert not POLICY.check_url(url, START).allowed


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "file:///etc/passwd", "FILE:///etc/passwd", "chrome://settings",
        "view-source:https://good.com", "data:text/html,x", "blob:https://good.com/1",
        "ftp://good.com/", "about:config", "about:", "chrome-extension://good.com/x",
        "java\tscript:alert(1)", "filesystem:https://good.com/x", "https+x://good.com",
    ],
)  # fmt: skip
def test_other_schemes_are_refused(url: str) -> None:
    assert not POLICY.check_url(url, START).allowed
    assert not Policy().check_url(url, START).allowed


def test_schemes_can_be_narrowed_and_widened() -> None:
    secure = Policy(schemes=("https",))
    assert secure.check_url("https://a.test", START).allowed
    assert secure.check_url("wss://a.test", START).allowed
    assert not secure.check_url("http://a.test", START).allowed
    assert not secure.check_url("ws://a.test", START).allowed
    assert Policy(schemes=("https", "file")).check_url("file:///tmp/x", START).allowed


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://start.test/", True),
        ("https://start.test:443/x", True),
        ("wss://start.test/x", True),
        ("https://start.test:444/", False),
        ("http://start.test/", False),
        ("https://sub.start.test/", False),
    ],
)
def test_strict_is_the_start_origin_alone(url: str, allowed: bool) -> None:
    assert Policy.strict().check_url(url, START).allowed is allowed


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "*", "*.", "*.*.com", "a*.com", "good.*", "https://good.com", "good.com/x",
        "user@good.com", "good.com:port", "good.com:99999", "good.com:0", "a b.com", "a,b.com",
        "*.good.com:8080", "good.com\\x", "good.com?x", "good.com#x", ":8080", "faß.de", "[::1",
        "good..com", ".good.com", "%41.com", 7, None, ["good.com"],
    ],
)  # fmt: skip
def test_a_wrong_pattern_is_named(text: object) -> None:
    with pytest.raises(PolicyError, match="is not a (domain|host name)") as caught:
        parse_pattern(text)  # type: ignore[arg-type]
    assert repr(text) in str(caught.value) or str(text) in str(caught.value)


@settings(deadline=None, max_examples=50)
@given(hosts, labels)
def test_a_pattern_covers_its_host_and_no_longer_or_shorter_one(host: str, label: str) -> None:
    exact, wild = parse_pattern(host), parse_pattern(f"*.{host}")
    assert host_matches(host, exact)
    assert host_matches(host.upper() + ".", exact)
    assert host_matches(f"{label}.{host}", wild)
    assert not host_matches(host, wild)
    for other in (f"{label}.{host}", f"{host}.{label}", f"{label}{host}", f"{host}{label}"):
        assert not host_matches(other, exact)
    assert not host_matches(f"{label}{host}", wild)
    assert not host_matches(f"{label}.{host}.evil", wild)


@settings(deadline=None, max_examples=50)
@given(hosts, hosts, labels, st.integers(1, 65535))
def test_what_stands_around_the_host_changes_nothing(
    host: str, other: str, word: str, port: int
) -> None:
    policy = Policy(allowed_domains=(host,))
    for url in (
        f"https://{host}:{port}/{other}?{word}#{other}",
        f"http://{word}:{other}@{host}/",
    ):
        assert policy.check_url(url, START).allowed
        moved = url.replace(host, "STRANGER").replace(other, host).replace("STRANGER", other)
        assert policy.check_url(moved, START).allowed is (host == other)


@settings(deadline=None, max_examples=50)
@given(st.ip_addresses())
def test_addresses_match_in_every_spelling_of_their_own(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    text = f"[{address.exploded}]" if address.version == 6 else str(address)
    (pattern,) = parse_patterns([text])
    assert host_matches(str(address).upper(), pattern)
    assert normal_host(text) == str(address)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=40))
def test_no_text_breaks_the_check(text: str) -> None:
    POLICY.check_url(text, START)
    POLICY.check_url(f"https://{text}/", START)


def test_a_policy_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[policy]\nallowed_domains = ["a.test"]\ndownloads = false\nmax_actions = 9\n')
    assert Policy.from_toml(path) == Policy(
        allowed_domains=("a.test",), downloads=False, max_actions=9
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must hold one table"),
        ("[other]\n", "must hold one table"),
        ("[policy]\n[other]\n", "must hold one table"),
        ("policy = 1\n", "must hold one table"),
        ("[policy\n", "is not valid TOML"),
        ("[policy]\nallowed = []\n", "unknown setting 'allowed'.*allowed_domains"),
        ('[policy]\nallowed_domains = "a.test"\n', "allowed_domains must be a list"),
        ("[policy]\nallowed_domains = [1]\n", "allowed_domains must be a list"),
        ('[policy]\nallowed_domains = ["http://a.test"]\n', "is not a domain"),
        ("[policy]\nschemes = []\n", "schemes must be"),
        ("[policy]\ndownloads = 1\n", "downloads must be true or false"),
        ("[policy]\nmax_actions = 0\n", "max_actions must be"),
        ("[policy]\nmax_actions = true\n", "max_actions must be"),
        ("[policy]\nmax_download_mb = -1\n", "max_download_mb must be"),
        ('[policy]\ndialogs = "ask"\n', "dialogs must be"),
    ],
)
def test_a_broken_policy_file_is_one_sentence(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match=says) as caught:
        Policy.from_toml(path)
    assert str(path) in str(caught.value)


def test_a_policy_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot read the policy file"):
        Policy.from_toml(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match="is not valid TOML"):
        Policy.from_toml(tmp_path / "bytes.toml")
