"""Write the help of every command into docs/cli.md; with --check, say whether it is up to date."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.update({"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"})

import typer.main
from typer.testing import CliRunner

from focusagent.cli import app

TARGET = Path(__file__).resolve().parent.parent / "docs" / "cli.md"


def commands() -> Iterator[list[str]]:
    """Every command line that has a help of its own, the root first."""

    def walk(command: object, words: list[str]) -> Iterator[list[str]]:
        yield words
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, [*words, name])

    yield from walk(typer.main.get_command(app), [])


def document() -> str:
    """The whole page."""
    parts = ["# Command line\n\nWritten by `make docs` from the commands' own help.\n"]
    for words in commands():
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="focusagent").output
        lines = "\n".join(line.rstrip() for line in shown.strip().splitlines())
        parts.append(f"## {' '.join(['focusagent', *words])}\n\n```text\n{lines}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        stale = not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != document()
        if stale:
            print("docs/cli.md is out of date: run `make docs`", file=sys.stderr)
        sys.exit(int(stale))
    TARGET.write_text(document(), encoding="utf-8")
