"""``streamops group``: consumer groups."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "list": Member(
            "cli.group.list",
            "All consumer groups of the cluster, those of the routes first, with their lag.",
            "streamops group list -e dev",
        ),
        "describe": Member(
            "cli.group.describe",
            "One group: members, and lag and verdict of each partition.",
            "streamops group describe orders-to-stream --window 60s -e dev",
        ),
        "seek": Member(
            "cli.group.seek",
            "Let a group without members go on elsewhere.",
            "streamops group seek orders-to-stream --to -1h -e dev",
        ),
        "delete": Member(
            "cli.group.delete",
            "Delete a group without members and what it has committed.",
            "streamops group delete old-report -e dev",
        ),
    },
    help="Consumer groups.\n\nExample: streamops group describe orders-to-stream -e dev",
)
