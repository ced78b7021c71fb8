"""Which account a request belongs to."""

import boto3
from moto.iam import models

from sandbox.aws.iam import mends


def made() -> int:
    return sum(len(list(partitions.values())) for _, partitions in list(models.iam_backends.items()))


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


def test_an_access_key_tells_its_account(session: boto3.Session):
    key = session.client("iam").create_access_key(
        UserName=session.client("iam").create_user(UserName="deployer")["User"]["UserName"]
    )["AccessKey"]["AccessKeyId"]
    account = session.client("sts").get_caller_identity()["Account"]
    assert models.get_account_id_from(key) == account
