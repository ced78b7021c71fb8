"""The tables of `docs/connector.md` that follow from the code: the keys of the configuration, and the metrics.

`python -m connector.reference docs/connector.md` writes each anew between its two markers.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from connector.config.reference import keys_reference
from connector.metrics.catalogue import METRICS, PREFIX, Metric


def metrics_reference() -> str:
    """Markdown: a table of all metrics."""
    lines = ["| metric | kind | labels | unit | CloudWatch | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *map(_row, METRICS)]) + "\n"


_TABLES: Final[dict[str, Callable[[], str]]] = {"keys": keys_reference, "metrics": metrics_reference}


def with_reference(text: str) -> str:
    """Return a text with each table between its markers written anew."""
    for name, table in _TABLES.items():
        begin = f"<!-- {name}: written by python -m connector.reference -->\n"
        end = f"<!-- end of {name} -->\n"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{table()}\n{end}{rest.split(end)[1]}"
    return text


def _row(metric: Metric) -> str:
    suffix = "_total" if metric.kind == "counter" else ""
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    unit = "" if metric.unit == "None" else metric.unit.lower()
    return (
        f"| `{PREFIX}{metric.name}{suffix}` | {metric.kind} | {labels} | {unit} | {_in_cloudwatch(metric)}"
        f" | {metric.text} |"
    )


def _in_cloudwatch(metric: Metric) -> str:
    if not metric.in_cloudwatch:
        return ""
    if metric.kind == "histogram":
        return f"`{metric.name}_count`, `{metric.name}_sum`"
    over = f", {'greatest' if metric.overall == 'max' else 'sum'}" if metric.labels else ""
    return f"`{metric.name}`{over}"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(with_reference(document.read_text("utf-8")), "utf-8")
