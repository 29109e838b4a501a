"""Planning with a model: chats, and the planner that asks one; see docs/planners.md."""

from .loading import load_planner
from .local import LocalChat
from .messages import Call, Chat, Message, Picture, PlannerError, Reply, Tool
from .model_planner import ModelPlanner
from .scripted import ScriptedChat
from .server import ServerChat

__all__ = [
    "Call",
    "Chat",
    "LocalChat",
    "Message",
    "ModelPlanner",
    "Picture",
    "PlannerError",
    "Reply",
    "ScriptedChat",
    "ServerChat",
    "Tool",
    "load_planner",
]
