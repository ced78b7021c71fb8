"""CloudFormation, rebuilt on moto's API: stacks that do what the service does.

moto's CloudFormation compares templates as text, so a service never learns that its task definition was
replaced; it looks change sets up by name alone, whatever the stack; it exports nothing from a change
set; it reports CREATE_COMPLETE for types it does not know, and for everything when something failed.
Here a deployment resolves every property, compares it with what it resolved to before, walks the
resources in the order of their references, tells each step as an event, and rolls back what it did when
a step fails. moto keeps the API in front of it; its models of single resources are used where they
hold what a template says, and replaced where they do not.

    values.py      intrinsic functions, conditions, parameters
    resources.py   what a resource type must be able to do, and moto's own types behind that
    deployment.py  create, update, roll back and delete the resources of one stack
    stack.py       a stack as the API shows it: parameters, outputs, events
    change_sets.py change sets
    *_actions.py   the actions of the API, with what their requests name in requests.py
"""
