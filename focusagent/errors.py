"""What can go wrong in focusagent.

FocusagentError
  UserError    wrong input; one sentence that says what to do (exit code 2 at the CLI)
"""


class FocusagentError(Exception):
    """Base of everything this package raises."""


class UserError(FocusagentError):
    """Wrong input: the message is one sentence that says what to do."""
