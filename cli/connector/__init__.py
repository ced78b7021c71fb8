"""``streamops connector``: what moves records."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "list": Member(
            "cli.connector.list",
            "The connectors with revision, image, tasks and deployment, one row each.",
            "streamops connector list -e dev",
        ),
        "status": Member(
            "cli.connector.status",
            "How connectors do: tasks, deployment, lag, throughput, errors, dead letters.",
            "streamops connector status orders-to-stream -e dev --watch",
        ),
        "verify": Member(
            "cli.connector.verify",
            "Look at everything that a rollout of a connector depends on.",
            "streamops connector verify orders-to-stream -e prod",
        ),
        "logs": Member(
            "cli.connector.logs",
            "What the tasks of a connector have written; follow it with -f.",
            "streamops connector logs orders-to-stream -e dev --since 1h --filter error",
        ),
        "deploy": Member(
            "cli.connector.rollout.deploy",
            "Roll out an image, a size or a configuration; taken back where consumers do not catch up.",
            "streamops connector deploy orders-to-stream --image 1.4.0 -e prod",
        ),
        "history": Member(
            "cli.connector.history",
            "What was rolled out, by whom and how it ended; prune old revisions.",
            "streamops connector history orders-to-stream -e prod",
        ),
        "rollback": Member(
            "cli.connector.rollout.rollback",
            "Take the last rollout back, one that is under way or one that has ended.",
            "streamops connector rollback orders-to-stream -e prod",
        ),
        "restart": Member(
            "cli.connector.rollout.restart",
            "Replace the tasks by new ones of the same revision.",
            "streamops connector restart orders-to-stream -e dev",
        ),
        "scale": Member(
            "cli.connector.rollout.scale",
            "Run with another number of tasks, or scale in another range.",
            "streamops connector scale orders-to-stream --min 2 --max 12 -e prod",
        ),
        "pause": Member(
            "cli.connector.rollout.pause",
            "Drain to no task at all, and keep where the group was.",
            "streamops connector pause orders-to-stream -e dev",
        ),
        "resume": Member(
            "cli.connector.rollout.resume",
            "Start the tasks again that a pause has stopped.",
            "streamops connector resume orders-to-stream -e dev",
        ),
        "import": Member(
            "cli.connector.importing",
            "Write a route out of a configuration of awslabs' Kafka-Kinesis-Connector.",
            "streamops connector import connector.properties -e dev",
        ),
    },
    help="Connectors.\n\nExample: streamops connector status orders-to-stream -e dev",
)
