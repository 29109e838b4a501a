"""What can go wrong around an environment.

EnvError
  SetupError     something on this machine is missing; the message says how to get it
  ActionError    the action itself is wrong (unknown key, unknown field, a point off the screen)
  PolicyError    a policy file or value is wrong, or the policy forbids opening the start page
  ClosedError    the browser or window is gone; open the environment again

An action that fails on a working screen is not an exception: it is a `StepResult`.
"""


class EnvError(Exception):
    """Base of everything this package raises."""


class SetupError(EnvError):
    """Something on this machine is missing; the message says how to get it."""


class ActionError(EnvError, ValueError):
    """The action cannot be carried out as written; the message names what would be right."""


class PolicyError(EnvError, ValueError):
    """A policy is malformed, or forbids what was asked for before anything was opened."""


class ClosedError(EnvError):
    """The screen behind the environment is gone; open a new environment."""
