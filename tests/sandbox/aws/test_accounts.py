"""Which account a request belongs to."""

import boto3
import pytest
from moto.iam import models

from sandbox.aws.iam import mends


def made() -> int:
    return sum(len(list(partitions.values())) for _, partitions in list(models.iam_backends.items()))


@pytest.fixture(autouse=True)
def by_key(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the access key tell the account, as in a stand-in that has several."""
    session.client("iam").list_users()
    monkeypatch.delenv("MOTO_ACCOUNT_ID")


def test_a_request_makes_nothing_of_iam_that_is_not_there(session: boto3.Session):
    kinesis = session.client("kinesis")
    kinesis.list_streams()
    before = made()
    kinesis.list_streams()
    assert made() == before


def test_moto_alone_makes_all_of_iam_for_it(session: boto3.Session):
    kinesis = session.client("kinesis")
    kinesis.list_streams()
    before = made()
    mends.remove()
    try:
        kinesis.list_streams()
    finally:
        mends.apply()
    assert made() > before


def test_an_access_key_tells_its_account(session: boto3.Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "222233334444")
    iam = session.client("iam")
    iam.create_user(UserName="deployer")
    key = iam.create_access_key(UserName="deployer")["AccessKey"]["AccessKeyId"]
    assert models.get_account_id_from(key) == "222233334444"
