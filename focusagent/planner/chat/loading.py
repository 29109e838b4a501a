"""From a name to a planner with a model."""

from __future__ import annotations

from ..._siblings import grounding
from ...errors import UserError
from .local import LocalChat
from .messages import Chat, PlannerError
from .model_planner import ModelPlanner
from .server import ServerChat

_PICTURES = "+pictures"


def load_planner(spec: str) -> ModelPlanner:
    """The planner that a spec names.

    A spec is "http://host:port/v1 MODEL" (an OpenAI-compatible server; the model may be left out if
    there is only one, and "+pictures" added if it can see), or the folder or hub id of a chat
    model.
    """
    return ModelPlanner(_chat(spec.strip()))


def _chat(spec: str) -> Chat:
    if not spec:
        raise UserError("say which planner: http://host:port/v1 MODEL, or the folder of a model")
    if spec.startswith(("http://", "https://")):
        url, *words = spec.split()
        names = [word for word in words if word != _PICTURES]
        if len(names) > 1:
            raise UserError(
                f"a planner's server is written 'http://host:port/v1 MODEL [{_PICTURES}]', not "
                f"{spec!r}"
            )
        return ServerChat(url, *names, pictures=_PICTURES in words)
    try:
        return LocalChat(spec)
    except grounding.errors.GroundingError as error:
        raise PlannerError(f"the planner cannot be loaded: {error}") from error
