"""``streamops env``: the environments themselves, as files. Only ``preflight`` talks to AWS and Kafka."""

from cli.deferred import Member, deferred_app

app = deferred_app(
    {
        "list": Member("cli.env.list", "The environments of this project.", "streamops env list"),
        "show": Member(
            "cli.env.show",
            "An environment with every default and every physical name written out.",
            "streamops env show -e dev",
        ),
        "validate": Member(
            "cli.env.validate",
            "Check environment files; all errors of all files are reported together.",
            "streamops env validate dev prod",
        ),
        "schema": Member(
            "cli.env.schema",
            "The JSON Schema of environment files, for editors.",
            "streamops env schema > environments/environment.schema.json",
        ),
        "preflight": Member(
            "cli.env.preflight",
            "Hold an environment against its live state before a deploy.",
            "streamops env preflight -e prod",
        ),
        "init": Member("cli.env.init", "Write a new, commented environment file.", "streamops env init staging"),
    },
    help="Environments: one YAML file each.\n\nExample: streamops env validate dev",
)
