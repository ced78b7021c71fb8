"""Where records go that cannot be delivered: a topic, a stream or a bucket, each with the reason."""

from connector.dead_letters.letter import Letter
from connector.dead_letters.opening import open_dead_letters
from connector.dead_letters.target import DeadLetters, Probed

__all__ = ["DeadLetters", "Letter", "Probed", "open_dead_letters"]
