"""CloudFormation: DescribeChangeSet tells values where it is asked to (IncludePropertyValues), a megabyte a page.

MiniStack ignores the parameter and answers everything at once.
Source: DescribeChangeSet, ResourceChange, ResourceTargetDefinition; the User Guide's "View a change set", whose example
shows scalars as texts, JSON Pointers, and what is set anew without a BeforeValue. What only the execution can tell (the
attributes of a resource that changes, the name of one that is made) is {{changeSet:KNOWN_AFTER_APPLY}}, and a value that
is too long gives way to a signature: roadmap issue #2113 and change sets that users have published.
"""

import copy
import hashlib
import json
import re
import xml.etree.ElementTree as ElementTree

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.changesets:_describe_change_set": "(params)",
    "ministack.services.cloudformation.changesets:_evaluate_conditions": "(template, params)",
    "ministack.services.cloudformation.changesets:_find_change_set": "(cs_name, stack_name)",
    "ministack.services.cloudformation.engine:_intrinsic_references": "(value)",
    "ministack.services.cloudformation.engine:_resolve_refs": (
        "(value, resources, params, conditions, mappings, stack_name, stack_id)"
    ),
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS": "dict",
    "ministack.services.cloudformation.handlers:_resolve_stack": "(stack_name)",
}

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
# AWS does not say from which length on.
MAX_VALUE = 4_000
PAGE_BYTES = 1_000_000
ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "Metadata", "CreationPolicy", "UpdatePolicy")
NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


def texts(value):
    """Scalars as texts, as in the User Guide's example."""
    if isinstance(value, dict):
        return {key: texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item) for item in value]
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def told(value) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if len(text) <= MAX_VALUE:
        return text
    return f"(Truncated-Signature):{hashlib.sha256(text.encode()).hexdigest()}"


def unknown_refs(value, moving: dict):
    """The same expression with UNKNOWN where it needs what only the execution can tell."""
    if isinstance(value, list):
        return [unknown_refs(item, moving) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref":
            return UNKNOWN if moving.get(argument) == "new" else value
        if name == "Fn::GetAtt":
            resource = argument[0] if isinstance(argument, list) else argument.split(".")[0]
            return UNKNOWN if resource in moving else value
        if name == "Fn::Sub":
            text, own = (argument[0], argument[1]) if isinstance(argument, list) else (argument, {})
            parts = [part for part in re.findall(r"\$\{([^!}][^}]*)\}", text) if part not in own]
            lost = [part for part in parts
                    if ("." in part and part.split(".")[0] in moving) or moving.get(part) == "new"]
            return UNKNOWN if lost or UNKNOWN in json.dumps(unknown_refs(own, moving)) else value
        if name in ("Fn::Join", "Fn::Select", "Fn::Split", "Fn::Base64"):
            return UNKNOWN if UNKNOWN in json.dumps(unknown_refs(argument, moving)) else value
        if name == "Fn::If":
            return {name: [argument[0], *(unknown_refs(item, moving) for item in argument[1:])]}
    return {key: unknown_refs(item, moving) for key, item in value.items()}


def context(definition: dict, resolve) -> dict:
    found = {name: definition[name] for name in ATTRIBUTES if name in definition}
    return texts({"Properties": resolve(definition.get("Properties") or {}), **found})


def leaves(before, after, path: str) -> list[tuple]:
    """(pointer, before or None, after or None) of each difference, as deep as both have the same shape."""
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return [leaf for key in keys
                for leaf in leaves(before.get(key), after.get(key), f"{path}/{escaped(key)}")]
    if isinstance(before, list) and isinstance(after, list):
        both = max(len(before), len(after))
        return [leaf for index in range(both)
                for leaf in leaves(at(before, index), at(after, index), f"{path}/{index}")]
    return [(path, before, after)]


def at(values: list, index: int):
    return values[index] if index < len(values) else None


def escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def with_values(detail: dict, before: dict, after: dict, raw: dict) -> list[dict]:
    """MiniStack knows which property changes; AWS says of each part of it which value becomes which."""
    from ministack.services.cloudformation import engine

    target = detail["Target"]
    if target["Attribute"] == "Tags":
        return [detail]
    if target["Attribute"] != "Properties":
        found = leaves(before.get(target["Attribute"]), after.get(target["Attribute"]), f"/{target['Attribute']}")
    else:
        name = target["Name"]
        value = [properties["Properties"].get(name) for properties in (before, after)]
        found = leaves(*value, f"/Properties/{escaped(name)}")
        if detail.get("CausingEntity"):
            places = referring(raw.get(name), detail["CausingEntity"], f"/Properties/{escaped(name)}", engine)
            found = [leaf for leaf in found if leaf[0] in places] or [
                (place, lookup(before, place), lookup(after, place)) for place in places
            ]
        elif detail["Evaluation"] == "Static":
            found = [leaf for leaf in found if leaf[2] != UNKNOWN] or found
    return [{**detail, "Target": {**target, "Path": path, **values(old, new)}} for path, old, new in found] or [detail]


def values(before, after) -> dict:
    kind = "Add" if before is None else "Remove" if after is None else "Modify"
    return {
        **({"BeforeValue": told(before)} if before is not None else {}),
        **({"AfterValue": told(after)} if after is not None else {}),
        "AttributeChangeType": kind,
    }


def referring(value, entity: str, path: str, engine) -> list[str]:
    """Pointers of the expressions that refer to the entity: a resource, `resource.attribute`, or a parameter."""
    resource, _, attribute = entity.partition(".")
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in referring(item, entity, f"{path}/{index}", engine)]
    if not isinstance(value, dict):
        return []
    if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Select"):
        names = set(engine._intrinsic_references(value))
        return [path] if (resource, attribute or None) in names else []
    if len(value) == 1 and "Fn::If" in value:
        return [found for item in value["Fn::If"][1:] for found in referring(item, entity, path, engine)]
    return [found for key, item in value.items()
            for found in referring(item, entity, f"{path}/{escaped(key)}", engine)]


def lookup(resource: dict, pointer: str):
    value = resource
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = at(value, int(part)) if part.isdigit() else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def moving_resources(changes: list[dict]) -> dict:
    """Logical id -> `new` for another physical resource, `changed` for new attributes; retagging changes neither."""
    found = {}
    for change in (change["ResourceChange"] for change in changes):
        replaced = change["Action"] in ("Add", "Import") or change.get("Replacement") in ("True", "Conditional")
        touched = any(detail["Target"]["Attribute"] != "Tags" for detail in change.get("Details", []))
        if replaced or touched:
            found[change["LogicalResourceId"]] = "new" if replaced else "changed"
    return found


def resources_with_values(change_set: dict, stack: dict) -> list[dict]:
    from ministack.services.cloudformation import changesets, engine

    place = stack["StackName"], stack["StackId"]
    moving = moving_resources(change_set["Changes"])
    old, new = stack.get("_template") or {}, change_set["_template"]

    def resolver(template, params):
        conditions = changesets._evaluate_conditions(template, params) if template else {}
        mappings = template.get("Mappings", {})

        def resolve(value):
            try:
                return engine._resolve_refs(copy.deepcopy(value), stack.get("_resources", {}), params, conditions,
                                            mappings, *place)
            except ValueError:
                # An attribute that the emulator does not know: AWS would.
                return {key: resolve(item) for key, item in value.items()} if isinstance(value, dict) else UNKNOWN

        return resolve

    before_of = resolver(old, stack.get("_resolved_params") or {})
    after_of = resolver(new, change_set["_resolved_params"])
    found = []
    for change in (change["ResourceChange"] for change in change_set["Changes"]):
        logical_id = change["LogicalResourceId"]
        was, will = (template.get("Resources", {}).get(logical_id) for template in (old, new))
        before = context(was, before_of) if was and change["Action"] != "Add" else None
        after = None
        if will and change["Action"] != "Remove":
            after = context({**will, "Properties": unknown_refs(will.get("Properties") or {}, moving)}, after_of)
        details = change.get("Details", [])
        if before and after:
            raw = will.get("Properties") or {}
            details = [one for detail in details for one in with_values(detail, before, after, raw)]
        found.append({"Details": details, "BeforeContext": before, "AfterContext": after})
    return found


def child(parent, name: str, text: str | None = None):
    element = ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text
    return element


def fill(resource_change, told_values: dict) -> None:
    for details in resource_change.findall(f"{{{NAMESPACE}}}Details"):
        resource_change.remove(details)
    details = child(resource_change, "Details")
    for detail in told_values["Details"]:
        member = child(details, "member")
        target = child(member, "Target")
        for name, text in detail["Target"].items():
            child(target, name, text)
        for name in ("Evaluation", "ChangeSource", "CausingEntity"):
            if detail.get(name):
                child(member, name, detail[name])
    for name in ("BeforeContext", "AfterContext"):
        if told_values[name] is not None:
            shortened = {key: shorten(value) for key, value in told_values[name].items()}
            child(resource_change, name, json.dumps(shortened, separators=(",", ":"), ensure_ascii=False))


def shorten(value):
    if isinstance(value, dict):
        return {key: shorten(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shorten(item) for item in value]
    return told(value) if isinstance(value, str) else value


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import changesets, handlers
    from ministack.services.cloudformation.helpers import _p

    describe = handlers._ACTION_HANDLERS["DescribeChangeSet"]

    def describe_change_set(params):
        status, headers, body = describe(params)
        change_set = changesets._find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))[1]
        if status >= 400 or not change_set:
            return status, headers, body
        ElementTree.register_namespace("", NAMESPACE)
        root = ElementTree.fromstring(body)
        result = root.find(f"{{{NAMESPACE}}}DescribeChangeSetResult")
        changes = result.find(f"{{{NAMESPACE}}}Changes")
        members = list(changes)
        stack = handlers._resolve_stack(change_set["StackId"])
        if _p(params, "IncludePropertyValues", "false").lower() == "true" and stack:
            for member, told_values in zip(members, resources_with_values(change_set, stack)):
                fill(member.find(f"{{{NAMESPACE}}}ResourceChange"), told_values)
        first, size = int(_p(params, "NextToken", "") or 0), 0
        for index, member in enumerate(members):
            length = len(ElementTree.tostring(member))
            if index < first or (size > 0 and size + length > PAGE_BYTES):
                changes.remove(member)
                if index >= first and result.find(f"{{{NAMESPACE}}}NextToken") is None:
                    child(result, "NextToken", str(index))
                    size = PAGE_BYTES
            else:
                size += length
        return status, headers, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    handlers._ACTION_HANDLERS["DescribeChangeSet"] = describe_change_set
