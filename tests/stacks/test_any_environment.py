"""Whatever a valid file of the supported kinds describes, it synthesizes, and the rules find nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from stacks.refusals import refusals
from tests.stacks.synthesis import ECR_IMAGE, GIVEN_NETWORK, OWN_KEY, PLAIN, Templates, describe

names = st.from_regex(r"[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,5})?", fullmatch=True)
streams = st.one_of(
    st.fixed_dictionaries(
        {"mode": st.just("provisioned"), "shards": st.integers(1, 50)},
        optional={"encryption": st.just(OWN_KEY), "retention": st.sampled_from(["24h", "7d", "365d"])},
    ),
    st.fixed_dictionaries({"mode": st.just("on-demand")}, optional={"encryption": st.just(OWN_KEY)}),
)
zones = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True).map(
    lambda letters: [f"eu-west-1{letter}" for letter in letters]
)
networks = st.one_of(
    st.just(GIVEN_NETWORK),
    st.fixed_dictionaries(
        {"zones": zones, "nat": st.booleans(), "cidr": st.sampled_from(["10.0.0.0/16", "172.16.4.0/24"])}
    ),
)
connectors = st.fixed_dictionaries(
    {"architecture": st.sampled_from(["arm64", "x86_64"])}, optional={"image": st.just(ECR_IMAGE)}
)


def _ends(route: dict[str, Any]) -> tuple[str, str]:
    return route["from"]["topic"], route["to"]["stream"]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    topics = draw(st.dictionaries(names, st.just({"partitions": 8}), max_size=3))
    described = draw(st.dictionaries(names, streams, max_size=3))
    routes: dict[str, Any] = {}
    if topics and described:
        ends = st.fixed_dictionaries(
            {
                "from": st.fixed_dictionaries({"topic": st.sampled_from(sorted(topics))}),
                "to": st.fixed_dictionaries({"stream": st.sampled_from(sorted(described))}),
            },
            optional={"ordering": st.sampled_from(["key", "none"])},
        )
        drawn = draw(st.lists(ends, max_size=3, unique_by=_ends))
        routes = {f"route-{number}": end for number, end in enumerate(drawn)}
    return {
        "topics": topics,
        "streams": described,
        "routes": routes,
        "network": draw(networks),
        "connectors": draw(connectors),
        "production": draw(st.booleans()),
        "tags": draw(st.sampled_from([{}, PLAIN["tags"]])),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@settings(
    max_examples=25,
    deadline=None,
    # A smaller example is worth less than the time it takes: each is a synthesis.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(document=documents())
def test_any_environment_that_is_not_refused_synthesizes_without_a_finding(document: dict[str, Any], folder: Path):
    environment = describe(folder, "any", **document)
    assert refusals(environment) == ()
    made = Templates([environment], folder / str(len(list(folder.iterdir()))), check=True)
    streams_made = {
        each["Properties"]["Name"]
        for stack in made.stacks("any") & {"streams"}
        for each in made.resources("any", stack, "Kinesis::Stream").values()
    }
    assert streams_made == {f"any-{name}" for name in document["streams"]}
    services = {
        each["ServiceName"]
        for stack in made.stacks("any") & {"connectors"}
        for each in made.properties("any", stack, "ECS::Service")
    }
    assert services == set(document["routes"])
