"""Options that several verbs share: their help, and how what was given becomes values."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ._siblings import env
from .errors import UserError

if TYPE_CHECKING:
    from .agent.approval import Request

Url = Annotated[str | None, typer.Option(help="The page to start on.")]
PolicyFile = Annotated[Path | None, typer.Option(help=r"A TOML file with a \[policy] table.")]
Params = Annotated[
    list[str] | None, typer.Option(help="NAME=VALUE for {NAME}; may be given often.")
]
Secrets = Annotated[
    list[str] | None,
    typer.Option(help="NAME=env:VARIABLE: typed only on the start page's host, never kept."),
]
StorageState = Annotated[Path | None, typer.Option(help="Cookies and local storage to start with.")]
StepTimeout = Annotated[
    float, typer.Option(min=0.1, help="Seconds that waits and checks may take.")
]
Headful = Annotated[bool, typer.Option("--headful", help="Show the browser.")]
Model = Annotated[str, typer.Option(help="The grounder, as in `focusagent ground`.")]
TraceFolder = Annotated[
    Path | None, typer.Option(help="The folder of the trace; default: runs/<time>.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def pair(text: str, what: str) -> tuple[str, str]:
    """The two sides of NAME=VALUE."""
    name, mark, value = text.partition("=")
    if not mark or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise UserError(f"{what} is written NAME=VALUE, not {name[:40]!r}")
    return name, value


def values_of(params: list[str] | None) -> dict[str, str]:
    """The values that --params gave, by name."""
    return dict(pair(each, "--params") for each in params or [])


def rows_of(params: list[str] | None, path: Path | None) -> list[dict[str, str]]:
    """One set of values for each row of a CSV file; a single one without a file."""
    given = values_of(params)
    if path is None:
        return [given]
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"the rows {path} cannot be read: {error}") from error
    if not rows:
        raise UserError(f"the rows {path} hold no row below the names of the columns")
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise UserError(f"{path}, line {number}: not as many cells as there are columns")
        for name in row:
            pair(f"{name}=", f"a column of {path}")
    return [given | row for row in rows]


def policy_of(path: Path | None, *, dry_run: bool = False) -> env.Policy:
    """The policy of a file, or the usual one."""
    policy = env.Policy() if path is None else env.Policy.from_toml(path)
    return dataclasses.replace(policy, dry_run=True) if dry_run else policy


def require_sense(policy: env.Policy, url: str | None, *, desktop: bool = False) -> None:
    """Refuse a policy that contradicts itself, or the page that the screen is to start on."""
    problem = "" if desktop else _nowhere_to_go(policy, url)
    if problem:
        raise env.PolicyError(problem)
    for root in policy.upload_roots:
        if not Path(root).expanduser().is_dir():
            raise env.PolicyError(
                f"the policy allows uploads from {root}, which is no folder: create it, or take it "
                "out of upload_roots"
            )


def _nowhere_to_go(policy: env.Policy, url: str | None) -> str:
    """Why a browser under this policy could not even start; empty if it can."""
    start = policy.check_url(url, url) if url else None
    if start is not None and start.allowed:
        return ""
    domains, schemes = policy.allowed_domains, ", ".join(policy.schemes)
    if domains == ():
        return (
            "the policy allows no page at all: its allowed_domains is empty; name some, or leave "
            "it out to allow all"
        )
    if domains and not {"http", "https"} & {*policy.schemes}:
        return (
            f"the policy names allowed_domains, but its schemes ({schemes}) reach none of them: "
            "add 'https' or 'http'"
        )
    if start is not None:
        return f"the policy does not allow the start page {url}: {start.rule}"
    if domains is not None and not policy.patterns(""):
        return "the policy allows the start page's origin only, and there is none: give --url"
    return ""


def storage_of(path: Path | None) -> str | None:
    """The file of --storage-state, once it is known to hold one."""
    if path is None:
        return None
    if not path.is_file():
        raise UserError(f"the storage state {path} is not a file")
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"the storage state {path} is no JSON: {error}") from error
    if not isinstance(held, dict):
        raise UserError(f"the storage state {path} must be an object with cookies and origins")
    return str(path)


def secrets_of(
    given: list[str] | None, url: str | None, *, desktop: bool = False
) -> dict[str, env.Secret]:
    """The secrets that --secret names, each for the start page's host alone."""
    found: dict[str, env.Secret] = {}
    host = env.secrets.DESKTOP if desktop else urlsplit(url or "").hostname
    for text in given or []:
        name, source = pair(text, "--secret")
        kind, mark, variable = source.partition(":")
        if kind != "env" or not mark or not variable:
            raise UserError(
                f"--secret {name} takes env:VARIABLE: a value on the command line is seen by all"
            )
        value = os.environ.get(variable)
        if not value:
            raise UserError(f"--secret {name}: the environment variable {variable} is not set")
        if not host:
            raise UserError(f"--secret {name} needs --url: it is typed only on that page's host")
        found[name] = env.Secret(value, domains=[host])
    return found


def without_secrets(text: str, secrets: Mapping[str, env.Secret]) -> str:
    """The text with names in place of values."""
    for name, secret in secrets.items():
        text = text.replace(secret.reveal(), f"[{name}]")
    return text


def approver() -> Callable[[Request], bool | int] | None:
    """Ask at the terminal, if there is one."""
    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else None


def _ask(request: Request) -> bool | int:
    """Yes or no; between several places, the index of one, or False."""
    count = len(request.candidates)
    if request.kind != "ambiguous" or not count:
        return typer.confirm(f"{request.text}: {request.why}. Go on?", default=False, err=True)
    question = f"{request.text}: {request.why}. Which one, 1 to {count} (0: none)?"
    number = -1
    while not 0 <= number <= count:
        number = typer.prompt(question, type=int, default=0, err=True)
    return number - 1 if number else False
