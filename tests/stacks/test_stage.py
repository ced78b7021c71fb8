"""The order in which the stacks of an environment are deployed, and what is said of all of them."""

import json

from tests.stacks.synthesis import Templates

ORDER = (("streams", "kafka"), ("deliveries",), ("connectors",), ("observability",))


def deployed_before(templates: Templates, environment: str, stack: str) -> set[str]:
    """The short names of the stacks that a stack waits for."""
    return {
        other
        for other in templates.stacks(environment)
        for artifact in templates.settings[environment, stack]["dependencies"]
        if artifact.startswith(f"{environment}{other}") and not artifact.endswith(".assets")
    }


def test_each_stack_is_deployed_after_those_that_live_longer(templates: Templates):
    for environment in ("plain", "prod", "given"):
        earlier: set[str] = set()
        made = templates.stacks(environment)
        for step in ORDER:
            for stack in made & set(step):
                assert made & earlier <= deployed_before(templates, environment, stack), (environment, stack)
            earlier |= set(step)


def test_no_stack_waits_for_one_that_lives_shorter(templates: Templates):
    for environment in ("plain", "prod", "given"):
        later = {"network", "security", *(stack for step in ORDER for stack in step)}
        for step in (("network", "security"), *ORDER):
            later -= set(step)
            for stack in templates.stacks(environment) & set(step):
                assert not deployed_before(templates, environment, stack) & later, (environment, stack)


def test_every_stack_says_whose_it_is(templates: Templates):
    for environment in ("plain", "prod", "given"):
        for stack in templates.stacks(environment):
            tags = templates.settings[environment, stack]["tags"]
            assert tags == {"streamops:environment": environment, "team": "data-platform"}, stack


def test_stacks_know_of_each_other_by_weak_references_only(templates: Templates):
    """An export that another stack imports can neither be changed nor removed."""
    referring = [json.dumps(resource) for _, resource in templates.everything()]
    assert any("Fn::GetStackOutput" in each for each in referring)
    assert not any("Fn::ImportValue" in each for each in referring)
