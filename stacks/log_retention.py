"""How long logs are kept."""

from aws_cdk import aws_logs as logs

from environments import Environment


def log_retention(environment: Environment) -> logs.RetentionDays:
    """Return how long a log group of `environment` keeps its events: never for ever."""
    if environment.production:
        return logs.RetentionDays.THREE_MONTHS
    return logs.RetentionDays.TWO_WEEKS
