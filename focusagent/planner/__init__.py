"""Planning: from an instruction to intents, one at a time."""
