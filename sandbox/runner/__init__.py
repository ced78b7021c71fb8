"""The part of Amazon ECS that the stand-in has not got: starting, watching and stopping tasks.

The services and task definitions that ``cdk deploy`` left in the stand-in say what should run; the runner makes it
so with processes of this machine and reports every change of a task back through the ECS API, so that
``DescribeServices``, ``ListTasks`` and ``DescribeTasks`` answer as they do in AWS.
"""
