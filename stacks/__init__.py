"""How an environment is provisioned: one AWS CDK stage per environment, one stack per lifecycle.

    network      where things run: a small VPC of its own, or one that is given
    security     whose key encrypts: the KMS key of the environment, where it has one of its own
    streams      what keeps data: the Kinesis streams
    deliveries   what collects data: the Firehose delivery streams, and the buckets they fill
    connectors   what moves data: an ECS service per route
    observability  who is told when something of it is wrong: alarms, and the dashboard

What lives long and what is replaced daily never share a stack, so a deployment of one cannot
take the other with it. Each stack is a package named after it: `stack.py` only wires, the
modules beside it hold one kind of resource each.

Synthesis is hermetic: no credentials, no look-ups, no Docker, no network.
"""

from stacks.node import use_bundled_node

# Here, because aws_cdk starts Node when it is imported and every module of this package is
# imported after this one.
use_bundled_node()
