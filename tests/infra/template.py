"""A synthesized template, read in the words of the design: by names and outputs, never by CDK's hashed logical ids."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from infra.settings import Function, Settings

Rights = dict[str, set[str]]

_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "region", "AWS::AccountId": "account"}


@dataclass(frozen=True)
class StageTemplate:
    settings: Settings
    path: Path

    @cached_property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.path.read_text())
        return body

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id to properties."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self.body["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, kind: str) -> dict[str, Any]:
        (properties,) = self.of_type(kind).values()
        return properties

    @cached_property
    def names(self) -> dict[str, str]:
        """Logical id to a name that says what it is: an output's (`JobsTable`), or a function's (`executor`)."""
        names = {
            output["Value"]["Ref"]: name.removeprefix("QueueUrl")
            for name, output in self.body["Outputs"].items()
            if "Ref" in output["Value"] and not name.endswith("Function")
        }
        for logical_id, queue in self.of_type("AWS::SQS::Queue").items():
            if "RedrivePolicy" in queue:
                dead = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
                names[dead] = f"{names[logical_id]}Dead"
        prefix = f"punctual-{self.settings.stage}-"
        for logical_id, function in self.of_type("AWS::Lambda::Function").items():
            name = function["FunctionName"].removeprefix(prefix)
            names[logical_id] = name
            names[function["Role"]["Fn::GetAtt"][0]] = f"{name}-role"
            names[function["LoggingConfig"]["LogGroup"]["Ref"]] = f"{name}-log"
        return names

    def text(self, value: Any) -> str:
        """A value with its references as `<name.Attribute>`, the account's own facts as plain words."""
        match value:
            case str():
                return value
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.text(part) for part in parts)
            case {"Fn::GetAtt": [logical_id, "Arn"]}:
                return f"<{self.names[logical_id]}>"
            case {"Fn::GetAtt": [logical_id, attribute]}:
                return f"<{self.names[logical_id]}.{attribute}>"
            case {"Ref": name}:
                return _PSEUDO.get(name) or f"<{self.names[name]}>"
        raise TypeError(value)

    def function(self, name: Function) -> dict[str, Any]:
        (properties,) = [
            properties
            for logical_id, properties in self.of_type("AWS::Lambda::Function").items()
            if self.names[logical_id] == name
        ]
        return properties

    def environment(self, name: Function) -> dict[str, str]:
        variables = self.function(name)["Environment"]["Variables"]
        return {variable: self.text(value) for variable, value in variables.items()}

    def statements(self, name: Function) -> list[dict[str, Any]]:
        """Every statement of every policy of the function's role, actions and resources as lists of text."""
        role = self.function(name)["Role"]["Fn::GetAtt"][0]
        policies = [policy for policy in self.of_type("AWS::IAM::Policy").values() if {"Ref": role} in policy["Roles"]]
        inline = self.body["Resources"][role]["Properties"].get("Policies", [])
        return [
            {
                "effect": statement["Effect"],
                "actions": _listed(statement["Action"]),
                "resources": [self.text(resource) for resource in _listed(statement["Resource"])],
                "conditions": statement.get("Condition", {}),
            }
            for policy in (*policies, *inline)
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def rights(self, name: Function, effect: str = "Allow") -> Rights:
        """Action to the resources on which the function's role is allowed (or denied) it."""
        rights: Rights = {}
        for statement in self.statements(name):
            if statement["effect"] == effect:
                for action in statement["actions"]:
                    rights.setdefault(action, set()).update(statement["resources"])
        return rights

    def mappings(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The event source mappings, by their source's name and the function's."""
        return {
            (self.text(mapping["EventSourceArn"]), self.text(mapping["FunctionName"])[1:-1]): mapping
            for mapping in self.of_type("AWS::Lambda::EventSourceMapping").values()
        }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
