"""The stack of alarms and dashboard."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from constructs import Construct

from environments import Environment
from environments.alarms import CREATED
from environments.naming import dashboard_name
from stacks.environment_stack import EnvironmentStack
from stacks.observability.dashboard import dashboard_bodies
from stacks.observability.key import alarm_key
from stacks.observability.monitoring import Monitoring, monitorings
from stacks.observability.rendering import metric_alarm, paging_alarm
from stacks.observability.topics import alarm_topic

MOST_ALARMS = 450
"""CloudFormation holds 500 resources in a stack; the others are key, topics, policies, subscriptions and dashboards.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""


class ObservabilityStack(EnvironmentStack):
    """Alarms of every resource, the topics they are published to, and the dashboard. Holds no state.

    Each alarm tells the topic of warnings; the critical ones of a resource together page once.
    """

    def __init__(self, scope: Construct, environment: Environment, *, key: kms.IKey | None) -> None:
        super().__init__(scope, "observability", environment, description=f"Alarms and dashboard of {environment.name}")
        receivers = (environment.alarms.critical, environment.alarms.warning)
        if key is None and any(receiver.topic == CREATED for receiver in receivers):
            key = alarm_key(self, environment)
        critical = alarm_topic(self, environment, "critical", key=key)
        warning = alarm_topic(self, environment, "warning", key=key)
        watched = monitorings(environment)
        for each in watched:
            subject = Construct(self, each.subject.replace("/", ":"))
            alarms = [metric_alarm(subject, environment, each.subject, alarm, topic=warning) for alarm in each.alarms]
            if each.critical:
                paging_alarm(subject, environment, each, alarms, topic=critical)
        self._dashboards(environment, watched)

    def _dashboards(self, environment: Environment, watched: Sequence[Monitoring]) -> None:
        for number, body in enumerate(dashboard_bodies(environment, watched), start=1):
            further = f"-{number}" if number > 1 else ""
            cloudwatch.CfnDashboard(
                self,
                f"Dashboard{further}",
                dashboard_name=dashboard_name(environment) + further,
                dashboard_body=body,
            )


def is_watched(environment: Environment) -> bool:
    """Whether there is anything to watch, and nobody has said not to."""
    return environment.alarms.enabled and bool(monitorings(environment))


def alarm_count(environment: Environment) -> int:
    """Return how many alarms `environment` gets, those that page counted in; none where they are not made."""
    if not environment.alarms.enabled:
        return 0
    return sum(len(each.alarms) + bool(each.critical) for each in monitorings(environment))
