"""Resharding as a plan: from the shard map that is to the one that is wanted, operation by operation."""
