"""What CloudFormation takes of one stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

import json

from tests.stacks.synthesis import Templates

MOST_RESOURCES = 500
MOST_OUTPUTS = 200
MOST_BYTES = 1_000_000
LONGEST_DESCRIPTION = 1024


def beyond_limits(templates: Templates) -> list[str]:
    """Each stack that CloudFormation would refuse for its size, with what is too much."""
    return [
        f"{stack}: {what} {count}"
        for stack, template in templates.all()
        for what, count, most in (
            ("resources", len(template["Resources"]), MOST_RESOURCES),
            ("outputs", len(template.get("Outputs", {})), MOST_OUTPUTS),
            ("bytes", len(json.dumps(template, indent=1).encode()), MOST_BYTES),
            ("bytes of description", len(template["Description"].encode()), LONGEST_DESCRIPTION),
        )
        if count > most
    ]
