"""CloudFormation: a change set with DeploymentMode REVERT_DRIFT compares with what is really there and puts it back.

MiniStack ignores the mode, so that such a change set is empty.
Source: CloudFormation User Guide, "Using drift-aware change sets": changed properties get the template's values, what
was deleted is made anew; only for updates.
"""

import json

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.drift:_DRIFT_READERS": "dict",
    "ministack.services.cloudformation.drift:detect_resource_drift": "(stack, logical_id, record, timestamp)",
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS": "dict",
    "ministack.services.cloudformation.handlers:_resolve_stack": "(stack_name)",
    "ministack.services.cloudformation.changesets:_find_change_set": "(cs_name, stack_name)",
    "ministack.services.cloudformation.stacks:_property_recreation": "(resource_type, name)",
    "ministack.services.cloudformation.stacks:_replacement": "(details, type_changed)",
    "ministack.services.cloudformation:_change_sets": "AccountRegionScopedDict",
    "ministack.services.cloudformation:_stacks": "AccountRegionScopedDict",
}


def top_level(drift: dict) -> list[str]:
    return sorted({difference["PropertyPath"].split("/")[1] for difference in drift["PropertyDifferences"]})


def change_of(drift: dict) -> dict:
    from ministack.services.cloudformation import stacks

    resource = {"LogicalResourceId": drift["LogicalResourceId"], "ResourceType": drift["ResourceType"]}
    if drift["StackResourceDriftStatus"] == "DELETED":
        return {"ResourceChange": {"Action": "Add", **resource}}
    details = [
        {
            "Target": {"Attribute": "Properties", "Name": name,
                       "RequiresRecreation": stacks._property_recreation(drift["ResourceType"], name)},
            "Evaluation": "Static", "ChangeSource": "DirectModification",
        }
        for name in top_level(drift)
    ]
    return {"ResourceChange": {
        "Action": "Modify", **resource, "PhysicalResourceId": drift["PhysicalResourceId"],
        "Replacement": stacks._replacement(details, False), "Scope": ["Properties"], "Details": details,
    }}


def as_it_is(properties: dict, drift: dict) -> dict:
    """The template's properties with the live values of those that have drifted."""
    live = json.loads(drift["ActualProperties"])
    found = {**properties, **{name: live[name] for name in top_level(drift) if name in live}}
    return {name: value for name, value in found.items() if name in live or name not in top_level(drift)}


def apply(settings: Settings) -> None:
    from ministack.core.responses import now_iso
    from ministack.services.cloudformation import _change_sets, _stacks, changesets, drift, handlers
    from ministack.services.cloudformation.helpers import _error, _p

    create, execute = (handlers._ACTION_HANDLERS[name] for name in ("CreateChangeSet", "ExecuteChangeSet"))

    def drifts_of(stack: dict) -> list[dict]:
        return [
            drift.detect_resource_drift(stack, logical_id, record, now_iso())
            for logical_id, record in stack["_resources"].items() if drift.supports_drift(record["ResourceType"])
        ]

    def create_change_set(params):
        if _p(params, "DeploymentMode") != "REVERT_DRIFT":
            return create(params)
        if _p(params, "ChangeSetType", "UPDATE") != "UPDATE":
            return _error("ValidationError", "DeploymentMode REVERT_DRIFT is only valid for ChangeSetType UPDATE")
        known = set(_change_sets)
        answer = create(params)
        made = [key for key in _change_sets if key not in known]
        if answer[0] >= 400 or not made:
            return answer
        change_set = _change_sets[made[0]]
        drifts = drifts_of(_stacks[change_set["StackName"]])
        unread = [each for each in drifts if each["StackResourceDriftStatus"] == "UNKNOWN"]
        if unread:
            change_set.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=unread[0]["DriftStatusReason"])
            return answer
        gone = [each for each in drifts if each["StackResourceDriftStatus"] in ("MODIFIED", "DELETED")]
        planned = {change["ResourceChange"]["LogicalResourceId"] for change in change_set["Changes"]}
        change_set["Changes"] += [change_of(each) for each in gone if each["LogicalResourceId"] not in planned]
        change_set["_drifts"] = gone
        if change_set["Changes"]:
            change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        return answer

    def execute_change_set(params):
        change_set = changesets._find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))[1] or {}
        stack = handlers._resolve_stack(change_set.get("StackName", ""))
        if stack and change_set.get("ExecutionStatus") == "AVAILABLE":
            for each in change_set.get("_drifts", []):
                record = stack["_resources"].get(each["LogicalResourceId"])
                if each["StackResourceDriftStatus"] == "DELETED":
                    stack["_resources"].pop(each["LogicalResourceId"], None)
                elif record:
                    record["Properties"] = as_it_is(record["Properties"], each)
        return execute(params)

    handlers._ACTION_HANDLERS["CreateChangeSet"] = create_change_set
    handlers._ACTION_HANDLERS["ExecuteChangeSet"] = execute_change_set
