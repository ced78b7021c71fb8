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
        "consumers": Member(
            "cli.stream.consumers",
            "Registered consumers and their lag; register and deregister them.",
            "streamops stream consumers orders -e dev",
        ),
        "mode": Member(
            "cli.stream.mode",
            "Provisioned or on-demand: show it with what both cost, or switch it.",
            "streamops stream mode orders on-demand -e dev",
        ),
        "reshard": Member(
            "cli.stream.reshard",
            "Another number of shards, or other cuts between them.",
            "streamops stream reshard orders --to 46 -e dev",
        ),
        "retention": Member(
            "cli.stream.retention",
            "How long a stream keeps records: show it, or change it.",
            "streamops stream retention orders --to 7d -e dev",
        ),
        "hot-shards": Member(
            "cli.stream.hot_shards",
            "Which shards carry the load, and what would help.",
            "streamops stream hot-shards orders --since 1h -e dev",
        ),
        "hot-keys": Member(
            "cli.stream.hot_keys",
            "Which partition keys make the load, from records that are read.",
            "streamops stream hot-keys orders --from 5m --seconds 60 -e dev",
        ),
    },
    help="Kinesis data streams.\n\nExample: streamops stream describe orders -e dev",
)
