"""What an instruction asks for, as typed data: no picture is needed, no model either."""

from .grammar import understand
from .model import Place, Query, Reading, Relation, Target

__all__ = ["Place", "Query", "Reading", "Relation", "Target", "understand"]
