"""``streamops stream mode`` against the AWS stand-in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.stream.recent_calls import RecentCalls


@pytest.fixture
def demanding(scene_of):
    """An on-demand stream, which begins with four shards."""
    declared = {"mode": "on-demand", "retention": "24h", "distribution": "auto"}
    return scene_of(declared, StreamModeDetails={"StreamMode": "ON_DEMAND"})


def carry(scene, *, bytes_in: float, records_in: float) -> None:
    """Have CloudWatch know one busy minute of the writers."""
    scene.measure("IncomingBytes", bytes_in, timedelta(minutes=30))
    scene.measure("IncomingRecords", records_in, timedelta(minutes=30))


def mode_of(scene) -> tuple[str, int]:
    summary = scene.summary
    return summary["StreamModeDetails"]["StreamMode"], summary["OpenShardCount"]


def test_a_provisioned_stream_becomes_on_demand_and_loses_its_shards_in_the_file(orders):
    outcome = orders.run("mode", "on-demand", "-y", "--write-back", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "applied")
    assert mode_of(orders) == ("ON_DEMAND", 2)
    assert orders.declared == {"mode": "on-demand", "retention": "48h"}


def test_an_on_demand_stream_becomes_provisioned_and_then_has_the_shards_asked_for(demanding):
    outcome = demanding.run("mode", "provisioned", "--shards", "8", "-y", "--write-back", "-o", "json")
    assert outcome.exit_code == 0
    kinds = [operation["kind"] for operation in outcome.plan["operations"]]
    assert kinds == ["update-stream-mode", "update-shard-count"]
    assert mode_of(demanding) == ("PROVISIONED", 8)
    assert demanding.declared == {"mode": "provisioned", "retention": "24h", "shards": 8}


def test_without_shards_it_keeps_those_that_there_are(demanding):
    assert demanding.run("mode", "provisioned", "-y", "--write-back").exit_code == 0
    assert demanding.declared["shards"] == 4


def test_the_same_mode_is_nothing_to_do(orders):
    outcome = orders.run("mode", "provisioned", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "none")


def test_another_number_of_shards_alone_is_a_reshard(orders):
    outcome = orders.run("mode", "provisioned", "--shards", "3", "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert outcome.answer["errors"][0]["way_out"] == "streamops stream reshard orders --to 3"
    assert mode_of(orders) == ("PROVISIONED", 2)


def test_the_third_switch_of_a_day_is_refused_before_kinesis_is_asked(orders):
    assert orders.run("mode", "on-demand", "-y").exit_code == 0
    assert orders.run("mode", "provisioned", "-y").exit_code == 0
    outcome = orders.run("mode", "on-demand", "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert "switched 2 times in the last 24 hours" in outcome.answer["errors"][0]["message"]
    assert outcome.answer["errors"][0]["way_out"].startswith("wait until 2")
    assert outcome.plan["summary"]["switches_left"] == 0
    outcome = orders.run("mode", "on-demand", "-y", "--allow", "budget", "-o", "json")
    assert (outcome.exit_code, outcome.answer["errors"][0]["code"]) == (1, "error")
    assert "LimitExceededException" in outcome.answer["errors"][0]["message"]
    assert mode_of(orders) == ("PROVISIONED", 2)


def test_an_unknown_budget_is_said_to_be_unknown(orders, monkeypatch):
    monkeypatch.setattr("cli.stream.mode.read_recent_calls", lambda *_: RecentCalls(unknown="you may not look"))
    outcome = orders.run("mode", "on-demand", "-n", "-o", "json")
    assert outcome.exit_code == 3
    assert any("is not known: you may not look" in text for text in outcome.plan["warnings"])
    assert outcome.plan["summary"]["switches_left"] is None


@pytest.mark.parametrize("shards", [1, 9])
def test_more_than_one_step_of_update_shard_count_is_refused(demanding, shards):
    outcome = demanding.run("mode", "provisioned", "--shards", str(shards), "-y", "-o", "json")
    assert outcome.exit_code == 7
    assert f"stream reshard orders --to {shards}" in outcome.answer["errors"][0]["way_out"]
    assert mode_of(demanding) == ("ON_DEMAND", 4)


def test_shards_that_the_busiest_minute_would_throttle_are_refused(demanding):
    carry(demanding, bytes_in=5.5 * (60 << 20), records_in=60)
    outcome = demanding.run("mode", "provisioned", "-y", "-o", "json")
    assert outcome.exit_code == 7
    way_out = outcome.answer["errors"][0]["way_out"]
    assert way_out == "add --shards 6 or more; if it is meant, add: --allow throttling"
    assert demanding.run("mode", "provisioned", "--shards", "6", "-n").exit_code == 3
    assert demanding.run("mode", "provisioned", "--allow", "throttling", "-y").exit_code == 0


def test_shards_go_with_provisioned_only(orders):
    assert orders.run("mode", "on-demand", "--shards", "2").exit_code == 2


def test_giving_up_an_even_spread_is_said(scene_of):
    scene = scene_of(
        {"mode": "on-demand", "distribution": "auto", "warm_throughput": "4MiB"},
        StreamModeDetails={"StreamMode": "ON_DEMAND"},
        RecordDistributionStrategy="AUTO",
    )
    told = "\n".join(scene.run("mode", "provisioned", "-n", "-o", "json").plan["warnings"])
    assert "spread by their partition keys again" in told
    assert "the warm throughput is gone" in told


def test_both_modes_are_priced_at_the_observed_load(scene_of):
    scene = scene_of({"mode": "provisioned", "shards": 2}, region="us-east-1", ShardCount=2)
    carry(scene, bytes_in=86400 * 1024, records_in=86400)  # on average 1 KiB a record, one a second
    shown = scene.run("mode", "-o", "json").items[0]
    # 2 shards x 730 h x $0.015 and 2.628 million units x $0.014; 730 h x $0.04 and 2.506 GB x $0.08
    assert (shown["provisioned_monthly_cost_usd"], shown["on_demand_monthly_cost_usd"]) == (21.94, 29.4)
    plan = scene.run("mode", "on-demand", "-n", "-o", "json").plan
    assert plan["summary"]["monthly_cost_change_usd"] == pytest.approx(29.4 - 21.94, abs=0.011)
    assert "a month costs $21.94 provisioned with 2 shards, $29.40 on-demand" in plan["warnings"][0]
    assert "of 2026-08-01" in plan["warnings"][0]


def test_without_a_load_the_cost_is_unknown_and_not_zero(orders):
    shown = orders.run("mode", "-o", "json").items[0]
    assert (shown["provisioned_monthly_cost_usd"], shown["on_demand_monthly_cost_usd"]) == (None, None)
    assert shown["switches_left"] == 2


def test_the_count_waits_until_the_mode_is_switched(demanding, monkeypatch):
    monkeypatch.setattr("cli.stream.settling.POLL_SECONDS", 0.05)
    demanding.update_slowly(0.4)
    assert demanding.run("mode", "provisioned", "--shards", "5", "-y", "--no-wait").exit_code == 0
    assert mode_of(demanding) == ("PROVISIONED", 5)


def test_ctrl_c_between_mode_and_count_says_how_to_go_on(demanding, monkeypatch):
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.stream.settling.pause", interrupted)
    demanding.update_slowly(600)
    outcome = demanding.run("mode", "provisioned", "--shards", "5", "-y", "--no-wait", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"], outcome.plan["done"]) == (130, "partial", 1)
    assert "streamops stream mode orders provisioned --shards 5" in outcome.answer["errors"][0]["way_out"]
    again = demanding.run("mode", "provisioned", "--shards", "5", "-y", "-o", "json")
    assert again.answer["errors"][0]["way_out"] == "streamops stream reshard orders --to 5"


def test_a_saved_plan_is_stale_once_the_mode_is_another(orders, tmp_path):
    plan = tmp_path / "plan.json"
    assert orders.run("mode", "on-demand", "--save", str(plan)).exit_code == 3
    assert orders.run("mode", "on-demand", "-y").exit_code == 0
    assert orders.project.run("apply", str(plan), "-o", "json").answer["errors"][0]["code"] == "stale-plan"
