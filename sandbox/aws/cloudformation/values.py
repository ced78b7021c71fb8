"""What a template's expressions are worth: intrinsic functions, conditions and parameters."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from itertools import islice
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import MissingParameterError, ValidationError
from moto.ssm.models import ssm_backends
from moto.utilities.utils import get_partition

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.cloudformation.resources import Resource

Template = dict[str, Any]

NO_VALUE = object()
ZONES_PER_REGION = 3
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")
_DYNAMIC_PARAMETER = re.compile(r"\{\{resolve:ssm:([^}:]+)(?::\d+)?\}\}")


class Scope:
    """Everything that the expressions of one stack can refer to."""

    def __init__(
        self,
        *,
        template: Template,
        pseudo: Mapping[str, Any],
        parameters: Mapping[str, Any],
        resources: Mapping[str, Resource],
        exports: Callable[[str], Any],
        outputs: Callable[[str, str, str], Any],
    ) -> None:
        self.template = template
        self._names: dict[str, Any] = {**pseudo, **parameters}
        self._resources = resources
        self._exports = exports
        self._outputs = outputs

    def value(self, expression: Any) -> Any:
        """Return what `expression` is worth, with every intrinsic function in it carried out.

        Raises:
            ValidationError: It refers to something that does not exist.
        """
        if isinstance(expression, dict):
            if len(expression) == 1:
                ((name, argument),) = expression.items()
                function = _FUNCTIONS.get(name)
                if function is not None:
                    return function(self, argument)
            items = {key: self.value(item) for key, item in expression.items()}
            return {key: item for key, item in items.items() if item is not NO_VALUE}
        if isinstance(expression, list):
            return [item for item in map(self.value, expression) if item is not NO_VALUE]
        if isinstance(expression, str) and "{{resolve:ssm:" in expression:
            return _DYNAMIC_PARAMETER.sub(lambda match: self._stored(match[1]), expression)
        return expression

    def holds(self, condition: str) -> bool:
        """Tell whether a named condition of the template is true."""
        conditions = self.template.get("Conditions", {})
        if condition not in conditions:
            raise _missing("condition", condition)
        return bool(self.value(conditions[condition]))

    def is_wanted(self, part: Mapping[str, Any]) -> bool:
        """Tell whether the condition of a resource or output, if it has one, is true."""
        return "Condition" not in part or self.holds(part["Condition"])

    def reference(self, name: str) -> Any:
        """Return what `Ref` gives."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._names:
            return self._names[name]
        if name in self._resources:
            return self._resources[name].physical_id
        raise _missing("resource or parameter", name)

    def attribute(self, path: str | list[Any]) -> Any:
        """Return what `Fn::GetAtt` gives, for both spellings of its argument."""
        name, _, attribute = path.partition(".") if isinstance(path, str) else (path[0], "", self.value(path[1]))
        if name not in self._resources:
            raise _missing("resource", name)
        return self._resources[name].attribute(attribute)

    def substitute(self, argument: str | list[Any]) -> str:
        """Return what `Fn::Sub` gives."""
        text, local = (argument, {}) if isinstance(argument, str) else (argument[0], self.value(argument[1]))

        def one(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in local:
                return str(local[name])
            return str(self.attribute(name) if "." in name else self.reference(name))

        return str(self.value(_SUBSTITUTION.sub(one, text)))

    def exported(self, name: Any) -> Any:
        """Return what `Fn::ImportValue` gives."""
        return self._exports(self.value(name))

    def output_of_stack(self, argument: dict[str, Any]) -> Any:
        """Return what `Fn::GetStackOutput` gives: another stack's output now, without tying the two."""
        given = self.value(argument)
        region = given.get("Region", self._names["AWS::Region"])
        return self._outputs(given["StackName"], region, given["OutputName"])

    def mapped(self, path: list[Any]) -> Any:
        """Return what `Fn::FindInMap` gives."""
        found = self.template.get("Mappings", {})
        for key in self.value(path[:3]):
            if key not in found:
                raise _missing("mapping", ".".join(map(str, path[:3])))
            found = found[key]
        return self.value(found)

    def zones(self, region: Any) -> list[str]:
        """Return what `Fn::GetAZs` gives."""
        name = self.value(region) or self._names["AWS::Region"]
        return [f"{name}{letter}" for letter in "abcdef"[:ZONES_PER_REGION]]

    def _stored(self, name: str) -> str:
        return stored_parameter(self._names["AWS::AccountId"], self._names["AWS::Region"], name)


def _missing(kind: str, name: str) -> ValidationError:
    return ValidationError(message=f"Template error: the template names the {kind} {name}, which does not exist")


def _networks(scope: Scope, argument: list[Any]) -> list[str]:
    block, count, bits = scope.value(argument)
    network = ip_network(block)
    cut = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(part) for part in islice(cut, int(count))]


def _select(scope: Scope, argument: list[Any]) -> Any:
    index, items = scope.value(argument[0]), scope.value(argument[1])
    return items[int(index)]


def _either(scope: Scope, argument: list[Any]) -> Any:
    return scope.value(argument[1] if scope.holds(argument[0]) else argument[2])


_FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Ref": Scope.reference,
    "Condition": Scope.holds,
    "Fn::GetAtt": Scope.attribute,
    "Fn::Sub": Scope.substitute,
    "Fn::ImportValue": Scope.exported,
    "Fn::GetStackOutput": Scope.output_of_stack,
    "Fn::FindInMap": Scope.mapped,
    "Fn::GetAZs": Scope.zones,
    "Fn::If": _either,
    "Fn::Select": _select,
    "Fn::Cidr": _networks,
    "Fn::Join": lambda scope, a: str(a[0]).join(map(str, scope.value(a[1]))),
    "Fn::Split": lambda scope, a: str(scope.value(a[1])).split(a[0]),
    "Fn::Base64": lambda scope, a: b64encode(str(scope.value(a)).encode()).decode(),
    "Fn::ToJsonString": lambda scope, a: json.dumps(scope.value(a)),
    "Fn::Length": lambda scope, a: len(scope.value(a)),
    "Fn::Equals": lambda scope, a: str(scope.value(a[0])) == str(scope.value(a[1])),
    "Fn::Not": lambda scope, a: not scope.value(a[0]),
    "Fn::And": lambda scope, a: all(scope.value(item) for item in a),
    "Fn::Or": lambda scope, a: any(scope.value(item) for item in a),
}


def references(expression: Any) -> Iterator[str]:
    """Yield every name that `expression` refers to: resources, parameters and pseudo parameters."""
    if isinstance(expression, dict):
        for key, item in expression.items():
            if key == "Ref":
                yield item
            elif key == "Fn::GetAtt":
                yield item.partition(".")[0] if isinstance(item, str) else item[0]
            elif key == "Fn::Sub":
                text = item if isinstance(item, str) else item[0]
                yield from (name.partition(".")[0] for literal, name in _SUBSTITUTION.findall(text) if not literal)
                yield from references(item)
            else:
                yield from references(item)
    elif isinstance(expression, list):
        for item in expression:
            yield from references(item)


def parameter_values(template: Template, given: Mapping[str, str], account: str, region: str) -> dict[str, Any]:
    """Return every parameter's value as expressions see it.

    A parameter of an `AWS::SSM::Parameter::Value` type is given the name of a stored parameter and is worth
    what is stored there now; the API goes on showing the name.

    Raises:
        MissingParameterError: One has neither a value nor a default.
    """
    values: dict[str, Any] = {}
    for name, declared in template.get("Parameters", {}).items():
        raw = given.get(name, declared.get("Default"))
        if raw is None:
            raise MissingParameterError(name)
        kind = declared.get("Type", "String")
        value: Any = str(raw)
        if kind.startswith("AWS::SSM::Parameter::Value"):
            value = stored_parameter(account, region, value)
        if kind == "Number":
            value = float(value) if "." in value else int(value)
        elif "List" in kind:
            value = [part.strip() for part in value.split(",")]
        values[name] = value
    return values


def stored_parameter(account: str, region: str, name: str) -> str:
    """Return the value of a parameter in the Parameter Store.

    Raises:
        ValidationError: There is none of that name.
    """
    found = ssm_backends[account][region].get_parameter(name)
    if found is None:
        text = f"Unable to fetch parameters [{name}] from parameter store for this account."
        raise ValidationError(message=text)
    return str(found.value)


def pseudo_parameters(account: str, region: str, stack_name: str, stack_id: str) -> dict[str, str]:
    """Return what `AWS::Region` and its like stand for in one stack."""
    return {
        "AWS::AccountId": account,
        "AWS::Region": region,
        "AWS::Partition": get_partition(region),
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": stack_name,
        "AWS::StackId": stack_id,
    }
