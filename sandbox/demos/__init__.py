"""Demonstrations with a verdict: each plays one capability in a running sandbox and measures what came of it."""
