"""Desktop flows: tasks in small Tk programs on a virtual screen, judged by the programs' state."""

from .suite import DesktopFlow, load_desktop_flows
from .world import Program, virtual_screen

__all__ = ["DesktopFlow", "Program", "load_desktop_flows", "virtual_screen"]
