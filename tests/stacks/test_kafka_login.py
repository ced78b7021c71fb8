"""How connectors log in: what their configuration says, what ECS hands over, and what the roles allow for it."""

import json
from typing import Any

import pytest

from connector.config import MskIam, OAuthBearer, Plaintext, Sasl, Secret, Tls, load_config
from stacks.connectors.configuration import render_configuration
from stacks.connectors.secrets import InjectedSecret
from tests.stacks.conftest import Describe, Synthesize
from tests.stacks.synthesis import GIVEN_NETWORK, OWN_KEY, PLAIN, SILENT, Templates, describe

ROUTE = "orders-to-stream"
WRITTEN_TO: dict[str, Any] = {
    **SILENT,
    "network": {key: value for key, value in GIVEN_NETWORK.items() if key != "security_groups"},
    "streams": {"orders": PLAIN["streams"]["orders"]},
    "deliveries": None,
}
"""What a route needs beside its cluster, and nothing else."""
SECRETS = "arn:aws:secretsmanager:eu-west-1:111122223333:secret"
PARAMETERS = "arn:aws:ssm:eu-west-1:111122223333:parameter"
COMPLETE = f"{SECRETS}:kafka-AbCdEf"
CLUSTER = "arn:aws:kafka:us-east-1:444455556666:cluster/shared/6e1f2f6c-64b4-4e0e-b8c7-1b3e5f9a7d21-5"
OAUTH: dict[str, Any] = {
    "token_endpoint": "https://login.example.org/token",
    "scope": "a b",
    "extensions": {"tenant": "x"},
}


def external(**keys: Any) -> dict[str, Any]:
    return {"kind": "external", "bootstrap": "broker.example.com:9093", **keys}


CASES: dict[str, tuple[dict[str, Any], Any, dict[str, str]]] = {
    "clear": (external(tls=False), Plaintext(protocol="plaintext"), {}),
    "tls": (external(), Tls(protocol="tls"), {}),
    "own-authority": (
        external(ca="ssm:/kafka/ca"),
        Tls(protocol="tls", ca=Secret(env="KAFKA_CA")),
        {"KAFKA_CA": f"{PARAMETERS}/kafka/ca"},
    ),
    "plain": (
        external(auth="plain", secret="secret:team/kafka"),
        Sasl(
            protocol="sasl-tls",
            mechanism="plain",
            username=Secret(env="KAFKA_USERNAME"),
            password=Secret(env="KAFKA_PASSWORD"),
        ),
        {
            "KAFKA_USERNAME": f"{SECRETS}:team/kafka:username::",
            "KAFKA_PASSWORD": f"{SECRETS}:team/kafka:password::",
        },
    ),
    "scram": (
        external(auth="scram-sha-256", secret=f"secret:{COMPLETE}", secret_key=OWN_KEY, ca="secret:kafka/ca"),
        Sasl(
            protocol="sasl-tls",
            mechanism="scram-sha-256",
            username=Secret(env="KAFKA_USERNAME"),
            password=Secret(env="KAFKA_PASSWORD"),
            ca=Secret(env="KAFKA_CA"),
        ),
        {
            "KAFKA_USERNAME": f"{COMPLETE}:username::",
            "KAFKA_PASSWORD": f"{COMPLETE}:password::",
            "KAFKA_CA": f"{SECRETS}:kafka/ca",
        },
    ),
    "mtls": (
        external(auth="mtls", secret="secret:kafka", key_password=True),
        Tls(
            protocol="tls",
            certificate=Secret(env="KAFKA_CERTIFICATE"),
            key=Secret(env="KAFKA_KEY"),
            key_password=Secret(env="KAFKA_KEY_PASSWORD"),
        ),
        {
            "KAFKA_CERTIFICATE": f"{SECRETS}:kafka:certificate::",
            "KAFKA_KEY": f"{SECRETS}:kafka:key::",
            "KAFKA_KEY_PASSWORD": f"{SECRETS}:kafka:key_password::",
        },
    ),
    "oauthbearer": (
        external(auth="oauthbearer", secret="secret:kafka", oauth={**OAUTH, "ca": "ssm:/idp/ca"}),
        OAuthBearer(
            protocol="sasl-tls",
            mechanism="oauthbearer",
            client_id=Secret(env="KAFKA_CLIENT_ID"),
            client_secret=Secret(env="KAFKA_CLIENT_SECRET"),
            token_ca=Secret(env="KAFKA_TOKEN_CA"),
            **OAUTH,
        ),
        {
            "KAFKA_CLIENT_ID": f"{SECRETS}:kafka:client_id::",
            "KAFKA_CLIENT_SECRET": f"{SECRETS}:kafka:client_secret::",
            "KAFKA_TOKEN_CA": f"{PARAMETERS}/idp/ca",
        },
    ),
    "asked": (
        {"kind": "external", "bootstrap": f"msk:{CLUSTER}", "auth": "iam"},
        MskIam(protocol="sasl-tls", mechanism="aws-msk-iam", region="us-east-1"),
        {},
    ),
    "iam": (
        external(auth="iam", cluster=CLUSTER),
        MskIam(protocol="sasl-tls", mechanism="aws-msk-iam", region="us-east-1"),
        {},
    ),
}
"""What the file says of an external cluster, the connector's security for it, and its secrets by variable."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """An environment for each case, all synthesized together; the checks find nothing in any."""
    folder = tmp_path_factory.mktemp("logins")
    sections = {**WRITTEN_TO, "routes": {ROUTE: PLAIN["routes"][ROUTE]}}
    environments = [describe(folder, name, kafka=kafka, **sections) for name, (kafka, _, _) in CASES.items()]
    return Templates(environments, tmp_path_factory.mktemp("assembly"), check=True)


def allowed(templates: Templates, environment: str, role: str) -> dict[str, Any]:
    """The statements of a route's role by action; of several for one action, with all their resources."""
    (document,) = (
        each["Properties"]["Policies"][0]["PolicyDocument"]
        for key, each in templates.resources(environment, "connectors", "IAM::Role").items()
        if role in key
    )
    found: dict[str, Any] = {}
    for statement in document["Statement"]:
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            earlier = as_list(found[action]["Resource"]) if action in found else None
            resource = [*earlier, *as_list(statement["Resource"])] if earlier else statement["Resource"]
            found[action] = {**statement, "Resource": resource}
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", CASES)
def test_the_connector_reads_its_login_and_finds_each_secret_in_a_variable(made: Templates, name: str):
    _, security, secrets = CASES[name]
    (parameter,) = made.properties(name, "connectors", "SSM::Parameter")
    assert load_config(parameter["Value"], "parameter").source.security == security
    (task,) = made.properties(name, "connectors", "ECS::TaskDefinition")
    (container,) = task["ContainerDefinitions"]
    _, *handed_over = container["Secrets"]
    assert {each["Name"]: each["ValueFrom"] for each in handed_over} == secrets


@pytest.mark.parametrize("name", CASES)
def test_ecs_may_read_exactly_the_secrets_that_it_hands_over(made: Templates, name: str):
    """A name alone is an ARN without its last six characters, which are not known beforehand."""
    _, _, secrets = CASES[name]
    arns = {value.split("secret:")[1].split(":")[0] for value in secrets.values() if value.startswith(SECRETS)}
    whole = {f"{SECRETS}:{each}" if each == "kafka-AbCdEf" else f"{SECRETS}:{each}-??????" for each in arns}
    parameters = {value for value in secrets.values() if value.startswith(PARAMETERS)}
    statements = allowed(made, name, "ExecutionRole")
    assert set(as_list(statements.get("secretsmanager:GetSecretValue", {"Resource": []})["Resource"])) == whole
    readable = as_list(statements["ssm:GetParameters"]["Resource"])
    assert {each for each in readable if isinstance(each, str)} == parameters
    assert len(readable) == len(parameters) + 1, "and the configuration"


def test_the_key_of_a_secret_is_used_by_way_of_secrets_manager_alone(made: Templates):
    statement = allowed(made, "scram", "ExecutionRole")["kms:Decrypt"]
    assert statement["Resource"] == OWN_KEY
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    for name in CASES.keys() - {"scram"}:
        assert "kms:Decrypt" not in allowed(made, name, "ExecutionRole")


def test_the_connector_itself_may_read_no_secret(made: Templates):
    for name in CASES:
        assert not [
            action
            for action in allowed(made, name, "TaskRole")
            if action.startswith(("secretsmanager:", "kms:", "ssm:"))
        ]


def test_iam_on_a_given_cluster_is_for_the_routes_topic_and_group_alone(made: Templates):
    kafka = {
        action: statement["Resource"]
        for action, statement in allowed(made, "iam", "TaskRole").items()
        if action.startswith("kafka")
    }
    inside = CLUSTER.replace(":cluster/", ":{}/")
    assert kafka == {
        "kafka-cluster:Connect": CLUSTER,
        **dict.fromkeys(("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"), inside.format("topic") + "/orders"),
        **dict.fromkeys(
            ("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"),
            inside.format("group") + f"/streamops-iam-{ROUTE}",
        ),
    }
    for name in CASES.keys() - {"iam", "asked"}:
        assert not [action for action in allowed(made, name, "TaskRole") if action.startswith("kafka")]


def test_msk_is_asked_only_where_the_file_says_so(made: Templates):
    assert allowed(made, "asked", "TaskRole")["kafka:GetBootstrapBrokers"]["Resource"] == CLUSTER
    assert allowed(made, "asked", "TaskRole")["kafka-cluster:Connect"]["Resource"] == CLUSTER
    (parameter,) = made.properties("asked", "connectors", "SSM::Parameter")
    assert load_config(parameter["Value"], "parameter").source.bootstrap == f"msk:{CLUSTER}"


def test_another_secret_rolls_the_service(described: Describe, synthesized: Synthesize):
    routes = {ROUTE: PLAIN["routes"][ROUTE]}

    def handed_over(secret: str) -> list[dict[str, Any]]:
        templates = synthesized(described(kafka=external(auth="plain", secret=secret), routes=routes, **WRITTEN_TO))
        task, *_ = templates.properties("changed", "connectors", "ECS::TaskDefinition")
        found: list[dict[str, Any]] = task["ContainerDefinitions"][0]["Secrets"]
        return found

    assert handed_over("secret:one") != handed_over("secret:two")


def test_no_secret_stands_in_a_configuration(described: Describe):
    for kafka, _, secrets in CASES.values():
        text = render_configuration(described(kafka=kafka), ROUTE).text
        assert not [reference for reference in secrets.values() if reference in text]


MSK: dict[str, Any] = {"kind": "msk", "brokers": 4}
AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012"
EC2: dict[str, Any] = {
    "kind": "ec2",
    "brokers": 3,
    "distribution": {"url": "s3://team-software/kafka_2.13-4.1.1.tgz", "sha512": 128 * "a"},
}
MADE: dict[str, tuple[dict[str, Any], Any, dict[str, str]]] = {
    "msk-iam": (MSK, MskIam(protocol="sasl-tls", mechanism="aws-msk-iam", region="eu-west-1"), {}),
    "msk-serverless": (
        {"kind": "msk-serverless"},
        MskIam(protocol="sasl-tls", mechanism="aws-msk-iam", region="eu-west-1"),
        {},
    ),
    "msk-scram": (
        {**MSK, "auth": "scram"},
        Sasl(
            protocol="sasl-tls",
            mechanism="scram-sha-512",
            username=Secret(env="KAFKA_USERNAME"),
            password=Secret(env="KAFKA_PASSWORD"),
        ),
        {
            "KAFKA_USERNAME": f"{SECRETS}:AmazonMSK_streamops-msk-scram-connectors:username::",
            "KAFKA_PASSWORD": f"{SECRETS}:AmazonMSK_streamops-msk-scram-connectors:password::",
        },
    ),
    "msk-mtls": (
        {**MSK, "auth": ["mtls", "iam"], "authorities": [AUTHORITY], "secret": "secret:kafka"},
        Tls(protocol="tls", certificate=Secret(env="KAFKA_CERTIFICATE"), key=Secret(env="KAFKA_KEY")),
        {
            "KAFKA_CERTIFICATE": f"{SECRETS}:kafka:certificate::",
            "KAFKA_KEY": f"{SECRETS}:kafka:key::",
        },
    ),
    "ec2-scram": (
        EC2,
        Sasl(
            protocol="sasl-tls",
            mechanism="scram-sha-512",
            username=Secret(env="KAFKA_USERNAME"),
            password=Secret(env="KAFKA_PASSWORD"),
            ca=Secret(env="KAFKA_CA"),
        ),
        {
            "KAFKA_USERNAME": f"{SECRETS}:streamops/ec2-scram/kafka/connectors:username::",
            "KAFKA_PASSWORD": f"{SECRETS}:streamops/ec2-scram/kafka/connectors:password::",
            "KAFKA_CA": f"{PARAMETERS}/streamops/ec2-scram/kafka/ca",
        },
    ),
    "ec2-mtls": (
        {**EC2, "auth": "mtls", "secret": "secret:kafka"},
        Tls(
            protocol="tls",
            certificate=Secret(env="KAFKA_CERTIFICATE"),
            key=Secret(env="KAFKA_KEY"),
            ca=Secret(env="KAFKA_CA"),
        ),
        {
            "KAFKA_CERTIFICATE": f"{SECRETS}:kafka:certificate::",
            "KAFKA_KEY": f"{SECRETS}:kafka:key::",
            "KAFKA_CA": f"{PARAMETERS}/streamops/ec2-mtls/kafka/ca",
        },
    ),
}
"""The same of clusters that are made."""


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """An environment for each kind of cluster, all synthesized together; the checks find nothing in any."""
    folder = tmp_path_factory.mktemp("clusters")
    sections: dict[str, Any] = {
        **WRITTEN_TO,
        "routes": {ROUTE: {**PLAIN["routes"][ROUTE], "dead_letters": {"topic": "clicks"}}},
        "topics": {name: {"partitions": 6} for name in ("orders", "clicks")},
        "security": {"key": "create"},
    }
    environments = [describe(folder, name, kafka=kafka, **sections) for name, (kafka, _, _) in MADE.items()]
    return Templates(environments, tmp_path_factory.mktemp("assembly"), check=True)


@pytest.mark.parametrize("name", MADE)
def test_a_cluster_that_is_made_is_found_and_logged_in_to(clusters: Templates, name: str):
    _, security, secrets = MADE[name]
    (parameter,) = clusters.properties(name, "connectors", "SSM::Parameter")
    source = load_config(parameter["Value"], "parameter").source
    assert source.security == security
    told = f"/streamops/{name}/kafka/bootstrap"
    assert source.bootstrap == f"ssm:{told}"
    assert told in {each["Name"] for each in clusters.properties(name, "kafka", "SSM::Parameter")}
    (task,) = clusters.properties(name, "connectors", "ECS::TaskDefinition")
    _, *handed_over = task["ContainerDefinitions"][0]["Secrets"]
    assert {each["Name"]: each["ValueFrom"] for each in handed_over} == secrets
    allowing = allowed(clusters, name, "TaskRole")
    assert allowing["ssm:GetParameter"]["Resource"] == f"{PARAMETERS}{told}"
    if name.startswith("msk"):
        assert "Fn::GetStackOutput" in allowing["kafka:GetBootstrapBrokers"]["Resource"]
    else:
        assert not [action for action in allowing if action.startswith("kafka")]


@pytest.mark.parametrize("name", MADE)
def test_only_who_logs_in_with_iam_is_allowed_something_on_topics(clusters: Templates, name: str):
    found = {action for action in allowed(clusters, name, "TaskRole") if action.startswith("kafka-cluster:")}
    assert bool(found) == isinstance(MADE[name][1], MskIam)
    if found:
        assert found == {
            "kafka-cluster:AlterGroup",
            "kafka-cluster:Connect",
            "kafka-cluster:DescribeGroup",
            "kafka-cluster:DescribeTopic",
            "kafka-cluster:DescribeTopicDynamicConfiguration",
            "kafka-cluster:ReadData",
            "kafka-cluster:WriteData",
            "kafka-cluster:WriteDataIdempotently",
        }


@pytest.mark.parametrize("name", ["msk-scram", "ec2-scram"])
def test_the_made_users_secret_is_there_and_read_with_the_environments_key(clusters: Templates, name: str):
    statement = allowed(clusters, name, "ExecutionRole")["kms:Decrypt"]
    assert "Fn::GetStackOutput" in statement["Resource"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    granted = allowed(clusters, name, "ExecutionRole")["secretsmanager:GetSecretValue"]["Resource"]
    made = {each["Name"]: each for each in clusters.properties(name, "kafka", "SecretsManager::Secret")}
    (mine,) = (each for each in made if granted == f"{SECRETS}:{each}-??????")
    assert "Fn::GetStackOutput" in made[mine]["KmsKeyId"]
    assert set(json.loads(made[mine]["GenerateSecretString"]["SecretStringTemplate"])) == {"username"}
    assert made[mine]["GenerateSecretString"]["GenerateStringKey"] == "password"


@pytest.mark.parametrize("name", MADE)
def test_connectors_join_the_group_that_brokers_let_in(clusters: Templates, name: str):
    (service,) = clusters.properties(name, "connectors", "ECS::Service")
    own, clients = service["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    assert "Fn::GetAtt" in own
    assert "KafkaClients" in clients["Fn::GetStackOutput"]["OutputName"]


def test_a_secrets_key_is_used_through_the_service_as_its_partition_calls_it(described: Describe):
    china = described(region="cn-north-1", network={"cidr": "10.1.0.0/20", "zones": ["cn-north-1a"]})
    _, use = InjectedSecret(variable="X", reference="secret:team/kafka", key=OWN_KEY).statements(china)
    assert use.to_json()["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.cn-north-1.amazonaws.com.cn"}
    }
