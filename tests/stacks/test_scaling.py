"""How the number of a connector's tasks follows their load."""

from math import nan
from typing import Any

import pytest

from connector.metrics.catalogue import METRICS
from connector.metrics.emf import DIMENSION
from stacks.connectors.configuration import render_configuration
from stacks.connectors.scaling import BUSY_MINUTES, FULL, HALF, QUIET_MINUTES, load
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import PLAIN, Templates, describe

ROUTE = "clicks-to-stream"
TOLD = {**PLAIN["connectors"], "metrics": "cloudwatch"}


def routes(**tasks: Any) -> dict[str, Any]:
    return {ROUTE: {**PLAIN["routes"][ROUTE], "tasks": {"min": 2, "max": 4, **tasks}}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder = tmp_path_factory.mktemp("scaling")
    environment = describe(folder, "told", routes=routes(), connectors=TOLD)
    return Templates([environment], tmp_path_factory.mktemp("assembly"), check=True)


def alarm(made: Templates, way: str) -> dict[str, Any]:
    name = f"streamops/told/connector/{ROUTE}/scale-{way}"
    (found,) = (
        each for each in made.properties("told", "connectors", "CloudWatch::Alarm") if each["AlarmName"] == name
    )
    assert isinstance(found, dict)
    return found


def policy(made: Templates, way: str) -> tuple[str, dict[str, Any]]:
    ((key, found),) = (
        (key, each["Properties"])
        for key, each in made.resources("told", "connectors", "ScalingPolicy").items()
        if each["Properties"]["PolicyName"] == f"{ROUTE}-{way}"
    )
    return key, found["StepScalingPolicyConfiguration"]


@pytest.mark.parametrize(
    ("way", "comparison", "threshold", "minutes"),
    [
        ("out", "GreaterThanThreshold", FULL, BUSY_MINUTES),
        ("in", "LessThanThreshold", HALF, QUIET_MINUTES),
    ],
)
def test_each_way_has_an_alarm_that_calls_its_policy_and_does_nothing_without_numbers(
    made: Templates, way: str, comparison: str, threshold: float, minutes: int
):
    found = alarm(made, way)
    key, _ = policy(made, way)
    assert found["AlarmActions"] == [{"Fn::GetAtt": [key, "Arn"]}]
    assert (found["ComparisonOperator"], found["Threshold"]) == (comparison, threshold)
    assert found["EvaluationPeriods"] == found["DatapointsToAlarm"] == minutes
    assert found["TreatMissingData"] == "missing"
    assert "OKActions" not in found, "the end of an alarm would scale as well"


def test_out_goes_faster_the_more_there_is_and_in_one_by_one(made: Templates):
    _, out = policy(made, "out")
    assert out["AdjustmentType"] == "PercentChangeInCapacity"
    assert out["MinAdjustmentMagnitude"] == 1
    assert [each["ScalingAdjustment"] for each in out["StepAdjustments"]] == [25, 100]
    _, back = policy(made, "in")
    assert back["AdjustmentType"] == "ChangeInCapacity"
    assert [each["ScalingAdjustment"] for each in back["StepAdjustments"]] == [-1]


def test_the_load_is_measured_where_the_service_and_its_connector_tell_it(made: Templates, described: Describe):
    stats = {each["Id"]: each["MetricStat"] for each in alarm(made, "out")["Metrics"] if "MetricStat" in each}
    service = {"ClusterName": "streamops-told", "ServiceName": ROUTE}
    emf = render_configuration(described("told", connectors=TOLD), ROUTE)
    assert f'"namespace":"{stats["waiting"]["Metric"]["Namespace"]}"' in emf.text
    in_cloudwatch = {metric.name for metric in METRICS if metric.in_cloudwatch}
    for name, dimensions, metrics in (
        ("cpu", service, {"CPUUtilization"}),
        ("waiting", {DIMENSION: ROUTE}, in_cloudwatch),
        ("taken", {DIMENSION: ROUTE}, in_cloudwatch),
    ):
        metric = stats[name]["Metric"]
        assert {each["Name"]: each["Value"] for each in metric["Dimensions"]} == dimensions
        assert metric["MetricName"] in metrics


class Point(float):
    """A number of CloudWatch, where what is divided by nothing is no number and no error."""

    def __rtruediv__(self, other: float) -> float:
        return other / float(self) if self else nan


def value(formula: str, **metrics: float) -> float:
    """What CloudWatch makes of a formula of one point in time."""
    functions = {"IF": lambda condition, yes, no: yes if condition else no, "MAX": max}
    return float(eval(formula, functions, {name: Point(each) for name, each in metrics.items()}))  # noqa: S307


@pytest.mark.parametrize(
    ("cpu", "waiting", "taken", "expected"),
    [
        (60, 0, 100_000, 1.0),
        (30, 0, 100_000, 0.5),
        (0, 0, 0, 0.0),
        (6, 100_000, 100_000, 1.0),
        (6, 300_000, 100_000, 3.0),
        (90, 50_000, 100_000, 1.5),
    ],
)
def test_the_load_is_the_greater_of_cpu_and_backlog(
    described: Describe, cpu: float, waiting: float, taken: float, expected: float
):
    """Waiting as much as is taken in a minute is a backlog of a minute, the whole that is given."""
    formula = load(described(routes=routes(), connectors=TOLD), ROUTE).formula
    assert value(formula, cpu=cpu, waiting=waiting, taken=taken) == pytest.approx(expected)


def test_a_target_that_takes_nothing_neither_adds_tasks_nor_takes_any_away(described: Describe):
    formula = load(described(routes=routes(), connectors=TOLD), ROUTE).formula
    for waiting in (1, 10_000_000):
        assert HALF < value(formula, cpu=1, waiting=waiting, taken=0) < FULL


def test_the_file_says_how_long_a_backlog_may_take(described: Describe):
    environment = described(routes=routes(backlog="5m"), connectors=TOLD)
    formula = load(environment, ROUTE).formula
    assert value(formula, cpu=1, waiting=5_000, taken=1_000) == pytest.approx(1.0)


def test_a_task_that_goes_never_leaves_the_others_above_the_whole():
    """From just below a half, the CPU of all shared out among one less."""
    assert all(HALF * tasks / (tasks - 1) <= FULL for tasks in range(2, 100))


def test_without_the_connectors_own_metrics_the_cpu_decides(described: Describe, synthesized: Synthesize):
    templates = synthesized(described(routes=routes()))
    (found,) = templates.properties("changed", "connectors", "ScalingPolicy")
    assert found["PolicyType"] == "TargetTrackingScaling"
    assert templates.resources("changed", "connectors", "CloudWatch::Alarm") == {}


def test_a_deployment_that_moves_nothing_rolls_back(made: Templates, described: Describe, synthesized: Synthesize):
    (service,) = made.properties("told", "connectors", "ECS::Service")
    alarms = service["DeploymentConfiguration"]["Alarms"]
    assert (alarms["Enable"], alarms["Rollback"]) == (True, True)
    watching = {each["AlarmName"] for each in made.properties("told", "observability", "CloudWatch::Alarm")}
    assert set(alarms["AlarmNames"]) <= watching
    assert {name.rpartition("/")[2] for name in alarms["AlarmNames"]} == {"stopped", "circuit"}
    silent = synthesized(described(routes=routes()))
    (service,) = silent.properties("changed", "connectors", "ECS::Service")
    assert "Alarms" not in service["DeploymentConfiguration"]
