"""What an instruction asks for, as typed data: no picture is needed, no model either."""

from .grammar import understand
from .lexicon import POINTING
from .model import Place, Query, Reading, Relation, Target

__all__ = ["POINTING", "Place", "Query", "Reading", "Relation", "Target", "understand"]
