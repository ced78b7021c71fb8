from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import OWN_KEY, PLAIN, Templates


def stream(templates: Templates, environment: str, name: str) -> dict[str, object]:
    found = [each for each in templates.properties(environment, "streams", "Kinesis::Stream") if each["Name"] == name]
    assert len(found) == 1
    properties: dict[str, object] = found[0]
    return properties


def test_a_provisioned_stream_has_its_shards_and_retention(templates: Templates):
    orders = stream(templates, "plain", "plain-orders")
    assert orders["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert orders["ShardCount"] == 3
    assert orders["RetentionPeriodHours"] == 48


def test_an_on_demand_stream_has_no_shard_count_and_may_bring_its_own_name(templates: Templates):
    clicks = stream(templates, "plain", "ClickStream")
    assert clicks["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in clicks


def test_encryption_is_spelled_out_and_never_a_condition(templates: Templates):
    managed = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    assert stream(templates, "plain", "plain-orders")["StreamEncryption"] == managed
    own = {"EncryptionType": "KMS", "KeyId": OWN_KEY}
    assert stream(templates, "prod", "prod-orders")["StreamEncryption"] == own


def test_in_production_data_is_behind_two_keys(templates: Templates):
    assert templates.settings["prod", "streams"]["terminationProtection"] is True
    for each in templates.resources("prod", "streams", "Kinesis::Stream").values():
        assert each["DeletionPolicy"] == "RetainExceptOnCreate"
        assert each["UpdateReplacePolicy"] == "Retain"


def test_elsewhere_what_leaves_the_file_is_deleted(templates: Templates):
    assert templates.settings["plain", "streams"]["terminationProtection"] is False
    for each in templates.resources("plain", "streams", "Kinesis::Stream").values():
        assert each["DeletionPolicy"] == "Delete"


def test_stacks_without_state_can_always_be_deleted(templates: Templates):
    for stack in ("network", "connectors"):
        assert templates.settings["prod", stack]["terminationProtection"] is False


def test_an_environment_without_streams_has_no_streams_stack(described: Describe, synthesized: Synthesize):
    only_network = synthesized(described(streams=None, deliveries=None, routes=None))
    assert only_network.stacks("changed") == {"network"}


def test_a_changed_retention_changes_nothing_else(described: Describe, synthesized: Synthesize):
    longer = {**PLAIN["streams"], "orders": {**PLAIN["streams"]["orders"], "retention": "72h"}}
    before = synthesized(described()).resources("changed", "streams")
    after = synthesized(described(streams=longer)).resources("changed", "streams")
    changed = [key for key in before if before[key] != after[key]]
    assert len(changed) == 1
    after[changed[0]]["Properties"]["RetentionPeriodHours"] = 48
    assert before == after
