"""Changing a connector that runs: rolled out, followed to its end, held against lag, taken back where that fails."""
