"""``streamops sandbox``: a whole deployment on this machine."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "up": Member(
            "cli.sandbox.up",
            "Start broker and AWS stand-in, deploy into them, start the connectors.",
            "streamops sandbox up",
        ),
        "down": Member(
            "cli.sandbox.down",
            "Stop every process and remove everything but the logs.",
            "streamops sandbox down",
        ),
        "status": Member(
            "cli.sandbox.status", "The parts, where they are, what has stopped.", "streamops sandbox status"
        ),
        "env": Member(
            "cli.sandbox.env",
            "The variables with which a shell reaches broker and AWS stand-in.",
            "streamops sandbox env",
        ),
        "logs": Member(
            "cli.sandbox.logs",
            "The log of one part.",
            "streamops sandbox logs flights-to-stream --follow",
        ),
        "run": Member(
            "cli.sandbox.run",
            "Play a demonstration and measure what came of it.",
            "streamops sandbox run flights",
        ),
    },
    help="A whole deployment on this machine: a real Kafka broker, an AWS stand-in, the real cdk deploy.\n\n"
    "Example: streamops sandbox up && streamops sandbox run flights",
)
