"""Who is told when something is wrong, and from where on the few things are wrong that only their owner can judge."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from environments.identifiers import ShortName
from environments.quantities import Duration
from environments.rules.bounds import Count, Shape, Span
from environments.rules.findings import Finding
from environments.section import Section

RUNBOOKS = "docs/runbooks"
"""Where the pages lie in the checkout."""

CREATED = "create"
"""In place of a topic's ARN: one is made."""

_SECOND = timedelta(seconds=1)

TopicArn = Annotated[
    str,
    Shape(
        r"^(create|arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256})$",
        "is neither create nor the ARN of an SNS standard topic",
        "write create, or arn:aws:sns:REGION:ACCOUNT:NAME (CloudWatch publishes to no FIFO topic)",
    ),
]
Email = Annotated[
    str,
    Shape(
        r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        "is not an e-mail address",
        "write it as in team@example.com",
        longest=254,
    ),
]
RunbookBase = Annotated[
    str,
    Shape(
        r"^(https?://[A-Za-z0-9._~:/-]*[A-Za-z0-9]|[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)$",
        "is neither a URL nor a path",
        "write it without a slash at its end, as in https://wiki.example.com/runbooks",
        longest=500,
    ),
]
Threshold = Annotated[Duration, Span("streamops", timedelta(minutes=1), timedelta(days=365), _SECOND)]


class AlarmReceiver(Section):
    """Who is told of alarms of one severity."""

    topic: TopicArn = CREATED
    """SNS topic that alarms are published to: ``create`` makes one, or the ARN of one that lets CloudWatch publish."""
    email: tuple[Email, ...] = ()
    """Addresses that are subscribed to the topic that is made; each has to confirm it once."""

    def rules(self) -> Iterable[Finding]:
        """A given topic is somebody else's, with its subscriptions."""
        if self.email and self.topic != CREATED:
            yield Finding(
                "would be subscribed to a topic that is not made here",
                "subscribe them where the topic is made, or set topic: create",
                ("email",),
                ", ".join(self.email),
            )


class StreamThresholds(Section):
    """From where on a stream is read too late."""

    iterator_age: Threshold = timedelta(minutes=5)
    """Age of the oldest record that a reader has just read, at which the stream counts as read too late."""


class DeliveryThresholds(Section):
    """From where on a delivery is late."""

    freshness: Threshold | None = None
    """Age of the oldest record that is not delivered; without it twice the buffer's interval, and 15m at least."""


class RouteThresholds(Section):
    """From where on a route is late."""

    age: Threshold = timedelta(minutes=5)
    """Time from a record's timestamp to its acknowledgement, at which the route counts as late."""
    lag: Annotated[StrictInt, Count("streamops", 1)] = 100_000
    """Records that wait in the topic, at which the route counts as late."""


class Alarms(Section):
    """CloudWatch alarms and the dashboard: who is told, and thresholds."""

    enabled: StrictBool = True
    """Whether alarms and the dashboard are made; false leaves the environment without either."""
    critical: AlarmReceiver = AlarmReceiver()
    """Who is paged: data is being lost or stands still. One message a resource, however many of its alarms fire."""
    warning: AlarmReceiver = AlarmReceiver()
    """Who is told of each single alarm."""
    runbooks: RunbookBase = RUNBOOKS
    """Where the runbooks are, a URL or a path; the description of each alarm ends in the place of its page."""
    streams: dict[ShortName, StreamThresholds] = Field(default_factory=dict)
    """Thresholds of streams, by the names of streams."""
    deliveries: dict[ShortName, DeliveryThresholds] = Field(default_factory=dict)
    """Thresholds of deliveries, by the names of deliveries."""
    routes: dict[ShortName, RouteThresholds] = Field(default_factory=dict)
    """Thresholds of routes, by the names of routes."""

    def of_stream(self, name: str) -> StreamThresholds:
        """The thresholds of a stream."""
        return self.streams.get(name, StreamThresholds())

    def of_delivery(self, name: str) -> DeliveryThresholds:
        """The thresholds of a delivery."""
        return self.deliveries.get(name, DeliveryThresholds())

    def of_route(self, name: str) -> RouteThresholds:
        """The thresholds of a route."""
        return self.routes.get(name, RouteThresholds())
