"""``stream reshard`` as a command line: what it takes, what it answers, offline and saved."""

from __future__ import annotations

import json
import stat

import pytest

from cli.stream.live import KEY_SPACE
from cli.stream.resharding.shard_map import even_cuts
from tests.cli.resharding.conftest import CHANGING, even

SUMMARY = {
    "splits",
    "merges",
    "updates",
    "shards_before",
    "shards_after",
    "peak_open_shards",
    "min_open_shards",
    "eta_seconds",
    "widest_to_narrowest",
    "monthly_cost_change_usd",
}


@pytest.fixture
def shards_file(tmp_path):
    """What aws kinesis list-shards prints for even shards, after a closed one."""

    def write(count: int, **more: object):
        edges = [0, *even_cuts(count), KEY_SPACE]
        shards = [
            {
                "ShardId": f"shardId-{number + 1:012}",
                "HashKeyRange": {"StartingHashKey": str(start), "EndingHashKey": str(edges[number + 1] - 1)},
                "SequenceNumberRange": {"StartingSequenceNumber": "49"},
            }
            for number, start in enumerate(edges[:-1])
        ]
        closed = {
            "ShardId": "shardId-000000000000",
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(KEY_SPACE - 1)},
            "SequenceNumberRange": {"StartingSequenceNumber": "1", "EndingSequenceNumber": "48"},
        }
        file = tmp_path / "shards.json"
        file.write_text(json.dumps({"Shards": [closed, *shards], **more}))
        return str(file)

    return write


def test_a_file_of_shards_is_planned_for_without_an_environment(project, shards_file):
    arguments = ("orders", "--to", "46", "--shards-file", shards_file(32), "-n", "-o", "json")
    outcome = project.run("stream", "reshard", *arguments, "--strategy", "split-merge", "--region", "us-east-1")
    assert outcome.exit_code == 3
    summary = outcome.plan["summary"]
    assert summary.keys() == SUMMARY
    assert (summary["splits"], summary["merges"], summary["peak_open_shards"]) == (44, 30, 47)
    assert (summary["eta_seconds"], summary["monthly_cost_change_usd"]) == (74 * 30, 153.3)
    kinds = {operation["kind"]: operation for operation in outcome.plan["operations"]}
    assert {"range", "at"} < kinds["split-shard"].keys()
    assert {"left", "right"} < kinds["merge-shards"].keys()
    assert all(text.isdecimal() for text in (*kinds["split-shard"]["range"], kinds["split-shard"]["at"]))


def test_without_a_region_a_file_has_no_cost(project, shards_file):
    outcome = project.run("stream", "reshard", "orders", "--to", "6", "--shards-file", shards_file(4), "-n")
    assert "cost unknown without --region" in outcome.stdout
    assert outcome.exit_code == 3


def test_a_file_that_is_as_wanted_changes_nothing(project, shards_file):
    outcome = project.run("stream", "reshard", "orders", "--even", "--shards-file", shards_file(4), "-n", "-o", "json")
    assert (outcome.exit_code, outcome.answer["status"]) == (0, "none")


@pytest.mark.parametrize(
    ("more", "said"),
    [({"NextToken": "t"}, "only the first"), ({"Shards": []}, "no open shards"), ({"Shards": [1]}, "no list")],
)
def test_a_file_that_does_not_hold_all_shards_is_refused(project, shards_file, more, said):
    outcome = project.run("stream", "reshard", "orders", "--to", "6", "--shards-file", shards_file(4, **more), "-n")
    assert outcome.exit_code == 1
    assert said in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing says which shards"),
        (("--to", "4", "--factor", "2"), "--to and --factor each say"),
        (("--even", "--hot"), "--even cuts by width"),
        (("--even", "--sample"), "--sample says how --hot"),
        (("--min", "4", "--max", "2"), "--min 4 is above --max 2"),
        (("--factor", "0"), "leaves no shards"),
        (("--by", "-100%"), "leaves no shards"),
        (("--by", "much"), "is not a percentage"),
        (("--to", "4", "--tolerance", "100%"), "--tolerance 100%"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_wrong_usage(project, shards_file, arguments, said):
    outcome = project.run("stream", "reshard", "orders", "--shards-file", shards_file(4), "-n", *arguments)
    assert outcome.exit_code == 2
    assert said in outcome.stderr


def test_a_file_cannot_be_resharded(project, shards_file):
    outcome = project.run("stream", "reshard", "orders", "--to", "6", "--shards-file", shards_file(4))
    assert outcome.exit_code == 2
    assert "--dry-run" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--by", "+20%"), 5),
        (("--by", "-25%"), 3),
        (("--factor", "1.5"), 6),
        (("--factor", "3/2", "--max", "5"), 5),
        (("--by", "-99%", "--min", "2"), 2),
    ],
)
def test_the_number_of_shards_counts_from_those_that_are_open(project, shards_file, arguments, count):
    outcome = project.run(
        "stream", "reshard", "orders", "--shards-file", shards_file(4), "-n", "-o", "json", *arguments
    )
    assert outcome.plan["summary"]["shards_after"] == count


@pytest.mark.usefixtures("quick")
def test_a_dry_run_changes_nothing(project, streams, faults):
    outcome = project.run("stream", "reshard", "orders", "--to", "6", "-e", streams.environment, "-n")
    assert (outcome.exit_code, faults.count(*CHANGING)) == (3, 0)
    assert "4 to 6 shards" in outcome.stdout


@pytest.mark.usefixtures("quick")
def test_a_saved_plan_is_carried_out_as_it_was_made(project, streams, tmp_path, faults):
    file = tmp_path / "plan.json"
    arguments = ("orders", "--by", "50%", "-e", streams.environment, "--strategy", "split-merge")
    assert project.run("stream", "reshard", *arguments, "--save", str(file)).exit_code == 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert project.run("apply", str(file), "-o", "json").exit_code == 0
    assert streams.map() == even(6)
    planned = [operation["kind"] for operation in json.loads(file.read_text())["plan"]["operations"]]
    done = {"SplitShard": "split-shard", "MergeShards": "merge-shards"}
    assert [done[call] for call in faults.calls if call in done] == planned


@pytest.mark.usefixtures("quick")
def test_a_saved_plan_for_another_map_is_refused(project, streams, tmp_path):
    file = tmp_path / "plan.json"
    project.run("stream", "reshard", "orders", "--to", "6", "-e", streams.environment, "--save", str(file))
    streams.split(7)
    outcome = project.run("apply", str(file))
    assert outcome.exit_code == 1
    assert "has changed since the plan was made" in outcome.stderr


@pytest.mark.usefixtures("quick")
def test_the_new_number_goes_into_the_environment_file_where_it_is_wanted(project, streams):
    arguments = ("stream", "reshard", "orders", "-e", streams.environment, "-y", "-o", "json")
    outcome = project.run(*arguments, "--to", "6", "--write-back")
    assert outcome.answer["write_back"] == [{"path": "streams.orders.shards", "value": 6, "written": True}]
    assert "shards: 6" in (project.folder / f"{streams.environment}.yaml").read_text()
    assert "write_back" not in project.run(*arguments, "--to", "6").answer


@pytest.mark.usefixtures("quick")
def test_without_waiting_only_the_last_operation_is_not_waited_for(project, streams):
    streams.take_time(0.3)
    arguments = ("stream", "reshard", "orders", "-e", streams.environment, "-y", "-o", "json", "--no-wait")
    outcome = project.run(*arguments, "--to", "6", "--strategy", "split-merge")
    assert outcome.exit_code == 0
    assert streams.map() == even(6)
    summary = streams.kinesis.describe_stream_summary(StreamName=streams.physical())["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "UPDATING"


@pytest.mark.usefixtures("quick")
def test_a_map_that_is_not_even_is_evened_out_at_the_same_count(project, streams):
    streams.split(7)
    arguments = ("stream", "reshard", "orders", "--even", "-e", streams.environment, "-y", "-o", "json")
    outcome = project.run(*arguments)
    assert outcome.exit_code == 0
    assert streams.map() == even(5)
    assert outcome.plan["summary"]["updates"] == 0


@pytest.mark.usefixtures("quick")
def test_a_stream_of_more_than_a_page_of_shards_is_read_whole(project, kinesis):
    environment = project.write(streams={"orders": {"mode": "provisioned", "shards": 1001}})
    kinesis.create_stream(StreamName=f"{environment}-orders", ShardCount=1001)
    try:
        arguments = ("orders", "--by", "-50%", "-e", environment, "-n", "-o", "json", "--strategy", "split-merge")
        summary = project.run("stream", "reshard", *arguments).plan["summary"]
        assert (summary["shards_before"], summary["shards_after"]) == (1001, 501)
    finally:
        kinesis.delete_stream(StreamName=f"{environment}-orders")
