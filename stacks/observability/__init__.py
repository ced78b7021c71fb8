"""The observability stack: alarms, who is told of them, and the dashboard.

Four roles that never mix:

    metrics/      what services measure: names, dimensions and statistics; nowhere else does one of them stand
    alarms/       from where on a measurement is wrong: thresholds, for how long, how bad, which page of the runbooks
    monitoring/   what belongs to one resource: its alarms and its row of the dashboard
    stack.py      all of it as resources, with the topics that alarms are published to

Everything is found by name (`environments.naming`), so the stack refers to no other and is deployed
last; without it, everything else runs.
"""
