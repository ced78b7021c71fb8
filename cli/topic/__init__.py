"""``streamops topic``: Kafka topics."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "import": Member(
            "cli.topic.importing",
            "The YAML of topics that are on the cluster and that nobody has declared.",
            "streamops topic import -e dev",
        ),
        "list": Member(
            "cli.topic.list",
            "The declared topics with their live state, one row each.",
            "streamops topic list -e dev",
        ),
        "describe": Member(
            "cli.topic.describe",
            "One topic: partitions, configuration, the groups that read it and their lag.",
            "streamops topic describe orders -e dev",
        ),
        "reassign": Member(
            "cli.topic.reassign",
            "Move replicas between brokers: off a broker, onto new ones, more or fewer of them.",
            "streamops topic reassign orders --off 3 --throttle 50MiB/s -e dev",
        ),
        "retention": Member(
            "cli.topic.retention.command",
            "How long and how much a topic keeps: show it, or change it with a guard against losing records.",
            "streamops topic retention orders --to 1d -e dev",
        ),
        "config": Member(
            "cli.topic.config",
            "The settings of a topic: show them, set some, or unset some.",
            "streamops topic config orders set segment.ms=6h -e dev",
        ),
        "partitions": Member(
            "cli.topic.partitions",
            "Give a topic more partitions.",
            "streamops topic partitions orders --to 24 -e dev",
        ),
        "delete": Member(
            "cli.topic.delete",
            "Delete a topic with all its records.",
            "streamops topic delete orders -e dev",
        ),
        "sync": Member(
            "cli.topic.sync",
            "Bring the topics to what the YAML declares.",
            "streamops topic sync -e dev",
        ),
    },
    help="Kafka topics.\n\nExample: streamops topic describe orders -e dev",
)
