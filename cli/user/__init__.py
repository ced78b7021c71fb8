"""``streamops user``: who may log in to Kafka with a password."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "sync": Member(
            "cli.user.sync",
            "Give the connectors and the declared applications their SCRAM users, with passwords that nobody sees.",
            "streamops user sync -e dev",
        ),
    },
    help="Who may log in to Kafka with a password.\n\nExample: streamops user sync -e dev",
)
