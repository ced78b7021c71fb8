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
        "retention": Member(
            "cli.stream.retention",
            "How long a stream keeps records: show it, or change it.",
            "streamops stream retention orders --to 7d -e dev",
        ),
    },
    help="Kinesis data streams.\n\nExample: streamops stream describe orders -e dev",
)
