"""``streamops connector``: what moves records."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "import": Member(
            "cli.connector.importing",
            "Write a route out of a configuration of awslabs' Kafka-Kinesis-Connector.",
            "streamops connector import connector.properties -e dev",
        ),
    },
    help="Connectors.\n\nExample: streamops connector import connector.properties -e dev",
)
