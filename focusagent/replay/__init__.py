"""Record a flow once, replay it without a model, heal what has changed; see docs/replay.md."""

from .from_run import record as record
from .healing import Heal as Heal
from .healing import healed as healed
from .healing import heals as heals
from .healing import proved as proved
from .junit_xml import junit as junit
from .loading import load as load
from .recording import Look as Look
from .recording import RecordedStep as RecordedStep
from .recording import Recording as Recording
from .replaying import replay as replay
from .replaying import values_of as values_of
from .saving import save as save
from .saving import save_steps as save_steps
