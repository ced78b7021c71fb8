"""Deliveries of every kind, as files describe them; none of them is the end of a route."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:clean:3"
PUBLIC_SUBNETS = [f"subnet-{number:08}" for number in range(3)]

_common = {
    "bucket": st.just("team-data"),
    "prefix": st.sampled_from(["", "data/", "data/!{timestamp:yyyy/MM/dd}/"]),
    "transform": st.just({"function": FUNCTION}),
}
_large = {"buffer": st.just({"size": "64MiB", "interval": "60s"})}
_retry = {"retry": st.sampled_from(["0s", "2h"])}

_objects = st.one_of(
    st.fixed_dictionaries(
        {"to": st.just("s3"), **_large, "convert": st.just({"to": "orc", "columns": {"id": "bigint"}})},
        optional={**_common, "originals": st.just("raw/"), "time_zone": st.just("Europe/Berlin")},
    ),
    st.fixed_dictionaries(
        {
            "to": st.just("s3"),
            **_large,
            "partition_by": st.just({"customer": ".customer"}),
            "prefix": st.just("!{partitionKeyFromQuery:customer}/"),
        },
        optional={
            "deaggregate": st.sampled_from(["none", "json", "newline"]),
            "newline": st.booleans(),
            "convert": st.just({"to": "parquet", "table": "lake.orders"}),
        },
    ),
).filter(lambda each: not (each.get("newline") and "convert" in each))
_index = {"to": st.just("opensearch"), "index": st.just("orders")}
_documents = st.one_of(
    st.fixed_dictionaries(
        {**_index, "domain": st.just("arn:aws:es:eu-west-1:111122223333:domain/search")},
        optional={**_common, **_retry, "vpc": st.booleans(), "rotation": st.just("week"), "backup": st.just("all")},
    ),
    st.fixed_dictionaries(
        {
            **_index,
            "collection": st.just("arn:aws:aoss:eu-west-1:111122223333:collection/abc123"),
            "collection_name": st.just("orders"),
        },
        optional={**_common, **_retry, "vpc": st.booleans()},
    ),
)


def any_deliveries(network: Mapping[str, Any], streams: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Any delivery that can be made in a network; some read one of the streams."""
    zones = len(network["zones"])
    kinds = [_objects, _documents, _rows({"workgroup": "orders", "secret": "secret:redshift"}), _domain(zones)]
    if "vpc_id" in network:
        kinds.append(_rows({"create": True, "subnets": PUBLIC_SUBNETS, "capacity": 128}))
    elif network.get("nat") and zones == len(PUBLIC_SUBNETS):
        kinds.append(_rows({"create": True}))
    sources = st.sampled_from([None, *streams])
    return st.builds(
        lambda delivery, stream: {**delivery, **({"source": {"stream": stream}} if stream else {})},
        st.one_of(kinds),
        sources,
    )


def _rows(database: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    told = st.fixed_dictionaries(
        {"to": st.just("redshift"), "table": st.just("orders")},
        optional={
            **_common,
            **_retry,
            "prefix": st.sampled_from(["", "data/"]),
            "compression": st.just("gzip"),
            "originals": st.just("raw/"),
        },
    )
    return told.map(lambda delivery: {**delivery, **database})


def _domain(zones: int) -> st.SearchStrategy[dict[str, Any]]:
    sizes = st.sampled_from([{"count": zones, "masters": 3}, {"count": 2 * zones, "masters": 5}])
    return st.fixed_dictionaries({**_index, "create": st.just(True), "new_domain": sizes}, optional=_retry)
