"""The Grafana dashboard shows every metric, and nothing that is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connector.metrics.catalogue import METRICS, PREFIX, Metric

DASHBOARD = json.loads(
    (Path(__file__).parents[2] / "connector_image" / "dashboards" / "connector.json").read_text("utf-8")
)
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def shown(metric: Metric) -> set[str]:
    return {f"{PREFIX}{metric.name}{suffix}" for suffix in SUFFIXES[metric.kind]}


def targets() -> Iterator[dict[str, Any]]:
    for panel in DASHBOARD["panels"]:
        yield from panel.get("targets", ())


def queried(text: str) -> set[str]:
    return set(re.findall(rf"\b{PREFIX}\w+", text))


def test_it_queries_only_what_there_is():
    assert queried(json.dumps(DASHBOARD)) <= {name for metric in METRICS for name in shown(metric)}


def test_every_metric_is_on_it():
    on_it = {name for target in targets() for name in queried(target["expr"])}
    assert not [metric.name for metric in METRICS if not shown(metric) & on_it]


def test_queries_group_only_by_labels_that_the_metrics_have():
    of_metric = {name: {"route", "le", *metric.labels} for metric in METRICS for name in shown(metric)}
    for target in targets():
        for labels, name in re.findall(rf"by \(([^)]*)\) \((?:rate\()?({PREFIX}\w+)", target["expr"]):
            assert {label.strip() for label in labels.split(",")} <= of_metric[name], target["expr"]


def test_legends_name_only_labels_that_the_query_keeps():
    for target in targets():
        kept = {
            label.strip() for labels in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in labels.split(",")
        }
        assert set(re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))) <= kept, target


def test_every_panel_is_explained_and_none_lies_on_another():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        assert panel["type"] == "row" or panel["description"]
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_any_prometheus_and_any_route_can_be_chosen():
    sources = {target["datasource"]["uid"] for target in targets()}
    assert sources == {"${datasource}"}
    assert all('route=~"$route"' in target["expr"] for target in targets())
