"""RPA flows over local web applications: pages, instructions, oracles, and how to run them."""

from .script import Script as Script
from .script import ScriptError as ScriptError
from .script import run_script as run_script
from .suite import BUNDLED as BUNDLED
from .suite import Flow as Flow
from .suite import load_flows as load_flows
from .world import OracleError as OracleError
from .world import open_flow as open_flow
from .world import serve as serve
from .world import state_is_right as state_is_right
