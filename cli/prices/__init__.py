"""List prices by region, from dated files: a cost is an estimate as of that day, and nothing here asks the network.

``REGION.json`` in ``prices/`` beside the environment files comes before the file shipped here, for regions that are
not among these, and for prices that were agreed on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cli.errors import CliError
from environments import environments_folder

SHIPPED = Path(__file__).parent


@dataclass(frozen=True)
class Prices:
    """What Kinesis Data Streams costs in one region, in US dollars without taxes; None where the file does not say.

    The kinds of usage are those of the price list, https://aws.amazon.com/kinesis/data-streams/pricing/. A GB is 2^30
    bytes, as the service counts a KB as 1,024. On-demand Advantage, which is agreed on for a whole account, is not
    among them.
    """

    region: str
    date: date
    """When the file was made from the price list."""
    source: str

    shard_hour: Decimal | None = None
    """Provisioned: each open shard, by the hour."""
    put_payload_unit_million: Decimal | None = None
    """Provisioned: a million of the 25 KB chunks that records are counted in when they are put."""
    extended_shard_hour: Decimal | None = None
    """Provisioned with a retention above 24 hours: on top of each shard hour."""
    long_term_gb_month: Decimal | None = None
    """Provisioned with a retention above 7 days: what is older than 7 days."""
    long_term_read_gb: Decimal | None = None
    """Provisioned: reading what is older than 7 days."""
    fan_out_shard_hour: Decimal | None = None
    """Provisioned: each open shard of each registered consumer, by the hour."""
    fan_out_gb: Decimal | None = None
    """Provisioned: what registered consumers read."""
    on_demand_stream_hour: Decimal | None = None
    on_demand_in_gb: Decimal | None = None
    """On-demand: what is written, each record rounded up to whole KB."""
    on_demand_out_gb: Decimal | None = None
    """On-demand: what is read by GetRecords."""
    on_demand_fan_out_gb: Decimal | None = None
    """On-demand: what registered consumers read."""
    on_demand_extended_gb_month: Decimal | None = None
    """On-demand with a retention above 24 hours: what is older than 24 hours and younger than 7 days."""
    on_demand_long_term_gb_month: Decimal | None = None
    """On-demand with a retention above 7 days: what is older than 7 days."""

    @property
    def told(self) -> str:
        """Said where a cost is shown."""
        return f"list prices of {self.region} of {self.date.isoformat()}, without taxes and discounts"


KINDS = tuple(field.name for field in fields(Prices) if field.name not in ("region", "date", "source"))


def prices_of(region: str) -> Prices | None:
    """The prices of a region; None where no file has them, see ``unknown``.

    Raises:
        CliError: the file of the project is not as it has to be.
    """
    for folder in (environments_folder() / "prices", SHIPPED):
        file = folder / f"{region}.json"
        if file.is_file():
            return _read(file, region)
    return None


def unknown(region: str) -> str:
    """Said where a cost would be shown."""
    return f"cost unknown: no prices for {region}"


def _read(file: Path, region: str) -> Prices:
    try:
        document = json.loads(file.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal)
        given: Mapping[str, Any] = document["kinesis"]
        made = date.fromisoformat(document["date"])
        source = str(document["source"])
    except (ValueError, KeyError, TypeError) as error:
        raise CliError(
            f"{file} is no price file: {type(error).__name__}: {error}",
            'write {"date": "YYYY-MM-DD", "source": "...", "kinesis": {"shard_hour": 0.015, ...}}',
        ) from error
    if not isinstance(given, Mapping):
        raise CliError(f"{file}: kinesis is {given!r}", "write the prices by name, in US dollars")
    for name, price in given.items():
        if name not in KINDS:
            raise CliError(f"{file}: kinesis.{name} is not a price", f"known: {', '.join(KINDS)}")
        if not isinstance(price, Decimal) or price < 0:
            raise CliError(f"{file}: kinesis.{name}: {price!r} is not a price", "write US dollars, such as 0.015")
    return Prices(region, made, source, **given)
