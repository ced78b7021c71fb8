"""What ACLs mean beside others, and that a plan holds all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.acl.entry import DENY, PREFIXED, Acl
from cli.acl.needed import needed
from environments import Environment
from tests.environments.documents import changed

names = st.text("ab*", min_size=1, max_size=3)
acls = st.builds(
    Acl,
    principal=st.sampled_from(["User:a", "User:b", "User:*", "User:CN=a,O=b/c"]),
    type=st.sampled_from(["topic", "group", "transactional-id"]),
    name=names,
    operation=st.sampled_from(["read", "write", "describe", "all", "describe-configs", "alter-configs"]),
    pattern=st.sampled_from(["literal", "prefixed"]),
    permission=st.sampled_from(["allow", "deny"]),
    host=st.sampled_from(["*", "10.0.0.1"]),
)


@given(acls)
def test_a_plan_holds_the_whole_acl(acl: Acl):
    assert Acl.of(acl.resource, acl.as_details()) == acl


@given(acls)
def test_an_acl_that_allows_covers_itself_and_forbids_nothing(acl: Acl):
    assert acl.covers(acl) == (acl.permission == "allow")
    assert not (acl.permission == "allow" and acl.forbids(acl))


@given(acls, acls, acls)
def test_what_covers_one_that_covers_another_covers_that_too(one: Acl, two: Acl, three: Acl):
    if one.covers(two) and two.covers(three):
        assert one.covers(three)


READ = Acl("User:a", "topic", "orders", "read")


@pytest.mark.parametrize(
    ("wide", "covers"),
    [
        (Acl("User:*", "topic", "orders", "read"), True),
        (Acl("User:a", "topic", "*", "all"), True),
        (Acl("User:a", "topic", "ord", "read", PREFIXED), True),
        (Acl("User:a", "topic", "ord", "read"), False),
        (Acl("User:a", "topic", "orders", "write"), False),
        (Acl("User:a", "topic", "orders", "read", host="10.0.0.1"), False),
        (Acl("User:b", "topic", "orders", "read"), False),
        (Acl("User:a", "group", "orders", "read"), False),
        (Acl("User:a", "topic", "orders", "read", permission=DENY), False),
    ],
)
def test_a_wider_acl_covers_a_narrower_one(wide: Acl, covers: bool):
    assert wide.covers(READ) is covers


def test_to_read_or_write_includes_to_describe_but_to_deny_them_does_not():
    describe = Acl("User:a", "topic", "orders", "describe")
    assert READ.covers(describe)
    assert not Acl("User:a", "topic", "orders", "read", permission=DENY).forbids(describe)


@pytest.mark.parametrize(
    ("deny", "forbids"),
    [
        (Acl("User:*", "topic", "ord", "all", PREFIXED, DENY), True),
        (Acl("User:a", "topic", "*", "read", permission=DENY, host="10.0.0.1"), True),
        (Acl("User:a", "topic", "orders", "write", permission=DENY), False),
        (Acl("User:a", "topic", "others", "read", permission=DENY), False),
    ],
)
def test_what_is_denied_goes_before_what_is_allowed(deny: Acl, forbids: bool):
    assert deny.forbids(READ) is forbids


def test_a_deny_inside_a_prefix_takes_something_away():
    every = Acl("User:a", "group", "billing-", "read", PREFIXED)
    assert Acl("User:a", "group", "billing-1", "read", permission=DENY).forbids(every)
    assert not Acl("User:a", "group", "orders", "read", permission=DENY).forbids(every)


def environment(**change: object) -> Environment:
    return Environment.model_validate({**changed(change), "name": "test"})


SCRAM = {"kind": "external", "bootstrap": "broker:9093", "auth": "scram-sha-512", "secret": "secret:kafka"}


def test_a_route_into_kafka_writes_its_topic_in_transactions():
    described = environment(
        kafka=SCRAM,
        routes={"orders-to-stream": None, "back": {"from": {"stream": "orders"}, "to": {"topic": "clicks"}}},
    )
    assert set(needed(described, "User:x")) == {
        Acl("User:x", "topic", "clicks", "write"),
        Acl("User:x", "group", "streamops-test-back", "read"),
        Acl("User:x", "transactional-id", "streamops-test-back", "write", PREFIXED),
    }


def test_an_application_reads_in_the_group_that_is_called_like_it_unless_it_names_others():
    described = environment(kafka=SCRAM, applications={"billing": {"user": "b", "reads": ["orders"]}})
    assert set(needed(described, None)) == {
        Acl("User:b", "topic", "orders", "read"),
        Acl("User:b", "group", "billing", "read"),
    }
    writing = {"billing": {"writes": ["orders"], "transactional_ids": ["billing-*"]}}
    assert set(needed(environment(kafka=SCRAM, applications=writing), None)) == {
        Acl("User:billing", "topic", "orders", "write"),
        Acl("User:billing", "transactional-id", "billing-", "write", PREFIXED),
    }
