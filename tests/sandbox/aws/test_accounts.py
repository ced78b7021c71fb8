"""Which account a request belongs to."""

import boto3
from moto.iam import models

from sandbox.aws.iam import mends


def made() -> int:
    return sum(len(list(partitions.values())) for _, partitions in list(models.iam_backends.items()))


def test_a_request_makes_nothing_of_iam_but_its_own_account(session: boto3.Session):
    before = made()
    session.client("kinesis").list_streams()
    assert made() == before + 1


def test_moto_alone_makes_all_of_iam_for_it(session: boto3.Session):
    before = made()
    mends.remove()
    try:
        session.client("kinesis").list_streams()
    finally:
        mends.apply()
    assert made() > before + 1


def test_an_access_key_tells_its_account(session: boto3.Session):
    key = session.client("iam").create_access_key(
        UserName=session.client("iam").create_user(UserName="deployer")["User"]["UserName"]
    )["AccessKey"]["AccessKeyId"]
    account = session.client("sts").get_caller_identity()["Account"]
    assert models.get_account_id_from(key) == account
