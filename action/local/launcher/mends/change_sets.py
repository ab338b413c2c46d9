"""CloudFormation change sets: conditions and outputs count as changes, and only a stack that can be updated takes one.

MiniStack compares resources without asking their Condition, so a flip of a condition is "no change" and a CREATE
set lists resources that will not exist. It ignores Outputs. It also accepts a set for a stack in any status.
Source: CreateChangeSet; jenkinsci/pipeline-aws-plugin#210 (a set with changed Outputs only has empty Changes).
"""

import copy

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.changesets:_resolve_props_for_diff": "(template, params, stack_name, stack_id)",
    "ministack.services.cloudformation.changesets:_create_change_set": "(params)",
    "ministack.services.cloudformation.changesets:_evaluate_conditions": "(template, params)",
    "ministack.services.cloudformation.engine:_resolve_refs": (
        "(value, resources, params, conditions, mappings, stack_name, stack_id)"
    ),
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS": "dict",
    "ministack.services.cloudformation.handlers:_resolve_stack": "(stack_name)",
    "ministack.services.cloudformation:_change_sets": "AccountRegionScopedDict",
    "ministack.services.cloudformation:_stacks": "AccountRegionScopedDict",
    "ministack.services.cloudformation:_stack_events": "AccountRegionScopedDict",
}

UPDATABLE = frozenset({
    "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE",
})


def outputs(template: dict, params: dict, stack_name: str, stack_id: str) -> dict:
    """The outputs that will exist, with what the parameters decide filled in."""
    from ministack.services.cloudformation import changesets, engine

    conditions = changesets._evaluate_conditions(template, params) if template else {}
    mappings = template.get("Mappings", {})
    found = {}
    for name, output in (template.get("Outputs") or {}).items():
        if not conditions.get(output.get("Condition"), True):
            continue
        try:
            found[name] = engine._resolve_refs(
                copy.deepcopy(output), {}, params, conditions, mappings, stack_name, stack_id)
        except Exception:
            # It names a resource: its text is all that can be compared before the resource exists.
            found[name] = output
    return found


def refusal(stack: dict | None, name: str, kind: str, change_set: str) -> str | None:
    """Why AWS takes no change set of this kind now."""
    status = stack["StackStatus"] if stack else ""
    if kind == "UPDATE" and status and status != "DELETE_COMPLETE" and status not in UPDATABLE:
        return f"Stack:{stack['StackId']} is in {status} state and can not be updated."
    if kind == "CREATE" and status and status not in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS"):
        return f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]"
    return None


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import _change_sets, _stack_events, _stacks, changesets, handlers
    from ministack.services.cloudformation.helpers import _error, _p

    resolve, create = changesets._resolve_props_for_diff, changesets._create_change_set

    def resolve_props_for_diff(template, params, stack_name, stack_id):
        resolved = resolve(template, params, stack_name, stack_id)
        if template:
            conditions = changesets._evaluate_conditions(template, params)
            resolved["Resources"] = {
                name: resource for name, resource in resolved["Resources"].items()
                if conditions.get(resource.get("Condition"), True)
            }
        return resolved

    def create_change_set(params):
        kind, name = _p(params, "ChangeSetType", "UPDATE"), _p(params, "StackName")
        stack = handlers._resolve_stack(name)
        reason = refusal(stack, name, kind, _p(params, "ChangeSetName"))
        if reason:
            return _error("ValidationError", reason)
        known = set(_change_sets)
        status, headers, body = create(params)
        made = [key for key in _change_sets if key not in known]
        if status >= 400 or not made:
            return status, headers, body
        change_set = _change_sets[made[0]]
        if kind == "UPDATE" and outputs_only(stack, change_set):
            change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        if kind == "CREATE" and stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            # A stack under review stays the same stack, however many sets it is given.
            new_id = change_set["StackId"]
            change_set["StackId"] = stack["StackId"]
            _stacks[stack["StackName"]] = stack
            _stack_events.pop(new_id, None)
            body = body.replace(new_id.encode(), stack["StackId"].encode()) if isinstance(body, bytes) else body
        return status, headers, body

    def outputs_only(stack, change_set):
        if change_set["Status"] != "FAILED" or change_set["Changes"] or "contain changes" not in change_set["StatusReason"]:
            return False
        place = stack["StackName"], stack["StackId"]
        before = outputs(stack["_template"], stack["_resolved_params"], *place)
        return before != outputs(change_set["_template"], change_set["_resolved_params"], *place)

    changesets._resolve_props_for_diff = resolve_props_for_diff
    handlers._ACTION_HANDLERS["CreateChangeSet"] = create_change_set
