"""``streamops topic retention``: how long and how much a topic keeps, and what a change of it would delete.

Kafka deletes whole segments from the start of each partition, those first whose largest timestamp is older than
``retention.ms`` or that lie beyond ``retention.bytes``; what is gone is gone. ``guard`` says beforehand what that would
be, for every command that changes a setting on which it depends.
"""
