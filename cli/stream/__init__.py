"""``streamops stream``: Kinesis data streams."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "list": Member(
            "cli.stream.list",
            "The declared streams with their live state, one row each.",
            "streamops stream list -e dev",
        ),
        "describe": Member(
            "cli.stream.describe",
            "One stream: shards, key space, consumers, and what differs from the YAML.",
            "streamops stream describe orders -e dev",
        ),
    },
    help="Kinesis data streams.\n\nExample: streamops stream describe orders -e dev",
)
