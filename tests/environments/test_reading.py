import pytest

from environments import load_environment
from tests.environments.documents import VALID, cases, changed, problems, told, write

BROKEN = """\
account: 111122223333
region: eu-west-1
network:
  zones:
    - eu-west-1a
    - us-east-1b
  nat: maybe
kafka:
  kind: external
  bootstrap: broker
topics:
  orders:
    partitions: 12
    retension: 7d
  clicks:
    partitions: 4
    config:
      min.insync.replicas: 4
streams:
  provisioned:
    mode: provisioned
    shards: 4
    retention: 9000h
  orders:
    mode: on-demand
    shards: 2
  orders:
    mode: on-demand
routes:
  orders-to-stream:
    from: {topic: oders}
    to: {stream: orders}
    tasks:
      min: 3
      max: 2
  clicks:
    from: {topic: clicks}
"""


def test_everything_that_is_wrong_is_told_at_once_each_with_its_line(folder):
    found = problems(write(folder, BROKEN, "broken"))
    assert [(problem.line, problem.path) for problem in found] == [
        (1, "account"),
        (6, "network.zones[1]"),
        (7, "network.nat"),
        (10, "kafka.bootstrap"),
        (14, "topics.orders.retension"),
        (18, 'topics.clicks.config."min.insync.replicas"'),
        (23, "streams.provisioned.retention"),
        (26, "streams.orders.shards"),
        (27, "streams.orders"),
        (31, "routes.orders-to-stream.from.topic"),
        (34, "routes.orders-to-stream.tasks.min"),
        (36, "routes.clicks.to"),
    ]


def test_a_problem_tells_place_value_rule_and_way_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, VALID.replace("shards: 4", "shards: 4, retention: 9000h"), "dev")
    (problem,) = problems(path)
    assert str(problem) == (
        "dev.yaml:9: streams.orders.retention: 9000h is above the Kinesis maximum of 8760h (365 days); use at most 365d"
    )
    assert (problem.value, problem.rule) == ("9000h", "is above the Kinesis maximum of 8760h (365 days)")


def test_nothing_of_the_machinery_shows(folder):
    text = "\n".join(map(str, problems(write(folder, BROKEN, "broken"))))
    for internal in ("function-", "pydantic", "Input should", "literal[", "type=", "tagged-union", "[key]"):
        assert internal not in text


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("", 1, "is empty"),
        ("# nothing but words\n", 1, "is empty"),
        ("- account\n- region\n", 1, "is not a list of keys with values"),
        ("just text\n", 1, "is not a list of keys with values"),
        ("account: [\n", 2, "cannot be read as YAML"),
        ("account: a\n\tregion: b\n", 2, "cannot be read as YAML"),
        ("account: a: b\n", 1, "cannot be read as YAML"),
        ("a: 1\n---\nb: 2\n", 2, "cannot be read as YAML"),
        ("a: *nobody\n", 1, "cannot be read as YAML"),
        ("a: \x07\n", 1, "cannot be read as YAML"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(folder, text, line, rule):
    (problem,) = problems(write(folder, text, "syntax"))
    assert problem.line == line
    assert problem.rule.startswith(rule)


def test_bytes_that_are_no_text_are_told_with_their_line(folder):
    path = folder / "bytes.yaml"
    path.write_bytes(b"account: a\nregion: \xff\n")
    (problem,) = problems(path)
    assert (problem.line, problem.rule) == (2, "is not UTF-8 text")


def test_tabs_are_told_as_such(folder):
    (problem,) = problems(write(folder, "a:\n\t- b\n", "tabs"))
    assert problem.remedy == "indent with spaces, never with tabs"


@pytest.mark.parametrize("line", ["tags:", "connectors: ~", "deliveries: {archive: }"])
def test_a_key_without_a_value_is_told(folder, line):
    (problem,) = problems(write(folder, f"{VALID}{line}\n", "empty"))
    assert (problem.line, problem.rule) == (13, "is empty")


def test_all_duplicate_keys_are_told(folder):
    text = VALID + "region: eu-west-1\nstreams:\n  a: {mode: on-demand, mode: on-demand}\n"
    found = [str(problem).split(": ", 1)[1] for problem in problems(write(folder, text, "twice"))]
    assert found == [
        "region: stands here twice, first in line 2; keep one of them",
        "streams: stands here twice, first in line 8; keep one of them",
    ]


def test_anchors_and_merges_are_understood(folder):
    text = VALID.replace(
        "topics:\n", "topics:\n  base: &base {partitions: 4, retention: 2d}\n  more: {<<: *base, partitions: 8}\n"
    )
    topics = load_environment(write(folder, text, "anchors")).topics
    assert (topics["more"].partitions, topics["more"].retention) == (8, topics["base"].retention)


@pytest.mark.parametrize(
    ("line", "report"),
    [
        ("tags: &t {a: *t}", "tags.a: holds itself; write it out"),
        ("tags: !Ref x", "tags: has a YAML tag; remove the tag, or put a text that begins with ! in quotes"),
        ("tags: {? [a, b] : c}", "tags: has a key that is a list; write keys as plain words"),
        ("tags: {<<: text}", "tags: merges something that has no keys; merge a section with keys"),
    ],
)
def test_what_yaml_can_say_and_no_environment_needs_is_refused(folder, line, report):
    assert report in told(write(folder, VALID + line + "\n", "odd"))


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("kafka", "place"),
    [
        (f"secret: {SECRET}", "kafka.secret: (not shown) is not a reference to a secret"),
        (f"secret: [{SECRET}]", "kafka.secret: (not shown) is not a reference to a secret"),
        (f"secret: {{value: {SECRET}}}", "kafka.secret: (not shown) is not a reference to a secret"),
        ("secret: 7002", "kafka.secret: (not shown) is not a reference to a secret"),
        (f"ca: '-----BEGIN PRIVATE KEY----- {SECRET}'", "kafka.ca: (not shown) is not a reference to a certificate"),
        (f"bootstrap: 'user:{SECRET}@kafka:9092'", "kafka.bootstrap: (not shown) holds a user name or a password"),
        (f"password: {SECRET}", "kafka.password: is not a key that is known here"),
        (f"sasl.jaas.config: 'password=\"{SECRET}\";'", 'kafka."sasl.jaas.config": is not a key that is known here'),
        (f"secret:{SECRET}", 'kafka."(not shown)": is not a key that is known here'),
        (f"secret: !{SECRET}", "kafka.secret: has a YAML tag"),
        (f"secret: *{SECRET}", "cannot be read as YAML: found undefined alias"),
        (f"secret: !a!{SECRET} b", "cannot be read as YAML: while parsing a node, found undefined tag handle"),
        (f"secret: {SECRET}: x", "cannot be read as YAML"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(folder, kafka, place):
    brokers = "" if "bootstrap" in kafka else "bootstrap: 'h:1', "
    given = '{kind: external, bootstrap: "ssm:/streamops/test/kafka/bootstrap"}'
    text = VALID.replace(given, f"{{kind: external, auth: plain, {brokers}{kafka} }}")
    report = "\n".join(map(str, problems(write(folder, text, "secret"))))
    assert place in report
    assert SECRET not in report
    assert "7002" not in report


def test_lists_of_keys_and_numbers_as_names_are_read_as_they_are_written(folder):
    assert told(write(folder, VALID + "tags: {on: 'yes', 1: one}\n", "words")) == []


@pytest.mark.parametrize(("change", "report"), cases("shapes"))
def test_shapes_that_do_not_fit_are_told_in_the_words_of_the_file(folder, change, report):
    assert told(write(folder, changed(change), "shapes")) == [report]


def test_a_very_long_value_is_cut(folder):
    (report,) = told(write(folder, changed(f"region: {'x' * 500}"), "long"))
    assert len(report) < 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"kafka": {"kind": "msk-serverless", "brokers": 3}},
            "Serverless has nothing to size; remove it, or use kind: msk",
        ),
        (
            {"kafka": {"kind": "msk-express", "storage": "1TiB"}},
            "Express brokers find their storage themselves; remove it",
        ),
        ({"kafka": {"kind": "external", "brokers": 3}}, "an external cluster is only reached, not made; remove it"),
        ({"network": {"vpc_id": "vpc-12345678", "nat": True}}, "a given VPC has its ways out already"),
    ],
    ids=["serverless", "express", "external", "given network"],
)
def test_reasons_why_a_key_is_absent_are_told_instead_of_guesses(folder, change, reason):
    assert reason in [problem.remedy for problem in problems(write(folder, changed(change), "absent"))]
