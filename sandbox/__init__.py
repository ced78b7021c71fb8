"""Where streamops is tried: a real Kafka broker and an AWS stand-in on one machine.

The sandbox drives the real tools as a person would, as processes: ``cdk deploy`` creates the stacks in the
stand-in, ``streamops topic sync`` creates the topics, and connectors run from the ECS task definitions that
the deploy created.
"""
