"""`python -m focusagent` is the command line."""

from .cli import main

main()
