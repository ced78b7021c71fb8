"""Writing a value into an environment file changes that value and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.errors import CliError
from cli.write_back import Edit, pending, write_back

FILE = """\
# The accounts of the shop.
account: "123456789012"   # in quotes, it may begin with 0
region: eu-west-1
network: {zones: [eu-west-1a, eu-west-1b]}
kafka: {kind: external, bootstrap: "127.0.0.1:1", tls: false}
connectors: {image: "streamops/connector:test"}

streams:
  # the orders of all shops
  orders:
    mode: provisioned
    shards: 4        # as many as the load needs
    retention: "2d"

  clicks: {mode: on-demand, retention: 1d}
  shared: &shared
    mode: provisioned
    shards: 2
  copy:
    <<: *shared
topics:
  orders: {partitions: 3, replication: 1, retention: 7d}
"""

ORDERS = ("streams", "orders")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(FILE)
    path.chmod(0o640)
    return path


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (Edit((*ORDERS, "shards"), 46), "shards: 4  ", "shards: 46  "),
        (Edit((*ORDERS, "retention"), "3d"), 'retention: "2d"', 'retention: "3d"'),
        (Edit(("streams", "clicks", "retention"), "3d"), "retention: 1d", "retention: 3d"),
        (
            Edit((*ORDERS, "max_record_size"), "2MiB"),
            'retention: "2d"\n',
            'retention: "2d"\n    max_record_size: 2MiB\n',
        ),
        (
            Edit(("streams", "clicks", "max_record_size"), "2MiB"),
            "retention: 1d}",
            "retention: 1d, max_record_size: 2MiB}",
        ),
        (
            Edit(("topics", "orders", "config"), {"segment.ms": 3600000, "cleanup.policy": "compact,delete"}),
            "retention: 7d}",
            'retention: 7d, config: {segment.ms: 3600000, cleanup.policy: "compact,delete"}}',
        ),
        (Edit((*ORDERS, "retention"), None), '    retention: "2d"\n', ""),
        (Edit(("streams", "clicks", "retention"), None), ", retention: 1d}", "}"),
    ],
    ids=str,
)
def test_one_value_changes_and_nothing_else(file: Path, edit: Edit, before: str, after: str) -> None:
    assert pending(file, [edit]) == [edit]
    assert write_back(file, [edit]) == file
    assert file.read_text() == FILE.replace(before, after)
    assert not pending(file, [edit])
    assert file.stat().st_mode & 0o777 == 0o640


def test_several_values_are_written_together_or_not_at_all(file: Path) -> None:
    good, wrong = Edit((*ORDERS, "shards"), 5), Edit(("streams", "clicks", "shards"), 5)
    with pytest.raises(CliError, match="would be wrong"):
        write_back(file, [good, wrong])
    assert file.read_text() == FILE
    assert list(file.parent.iterdir()) == [file]


def test_what_others_share_is_not_changed(file: Path) -> None:
    """The value stands at the anchor, and changing it there would change both."""
    with pytest.raises(CliError, match="without changing more"):
        write_back(file, [Edit(("streams", "shared", "shards"), 3)])
    write_back(file, [Edit(("streams", "copy", "shards"), 3)])
    assert "<<: *shared\n    shards: 3\n" in file.read_text()


def test_a_value_that_is_there_is_not_written_again(file: Path) -> None:
    assert not pending(file, [Edit((*ORDERS, "shards"), 4)])
    inode = file.stat().st_ino
    write_back(file, [Edit((*ORDERS, "shards"), 4)])
    assert file.stat().st_ino == inode


def test_what_has_no_place_is_told(file: Path) -> None:
    with pytest.raises(CliError, match=r"by hand: streams\.nowhere\.shards: 3"):
        write_back(file, [Edit(("streams", "nowhere", "shards"), 3)])
