"""How many shards a stream should have by its load: looked at once, decided once."""
