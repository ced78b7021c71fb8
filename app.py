"""Entry point of the AWS CDK: one stage per environment file, nothing else.

cdk synth                        every environment
cdk deploy 'dev/*' -c env=dev    one; `-c env=dev,staging` for several
"""

import sys

from environments import EnvironmentFileError
from stacks.app import ChecksFailedError, synthesize


def main() -> int:
    """Synthesize the environments; return the exit code."""
    try:
        synthesize()
    except (ChecksFailedError, EnvironmentFileError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the CDK shows what its app prints
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
