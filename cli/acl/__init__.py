"""``streamops acl``: what may be done on Kafka by whom."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "sync": Member(
            "cli.acl.sync",
            "Give the connectors and the declared applications the ACLs that they need.",
            "streamops acl sync -e dev",
        ),
    },
    help="What may be done on Kafka by whom.\n\nExample: streamops acl sync -e dev",
)
