"""CloudFormation: what AWS refuses to do to a stack in some statuses.

MiniStack creates over a stack in ROLLBACK_COMPLETE, which hides that a deploy forgot to delete it first, and finds
the events of a deleted stack by its name.
Source: CreateStack, AlreadyExistsException; DescribeStackEvents, StackName ("Deleted stacks: you must specify the
unique stack ID").
"""

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS": "dict",
    "ministack.services.cloudformation.handlers:_create_stack": "(params)",
    "ministack.services.cloudformation.handlers:_describe_stack_events": "(params)",
    "ministack.services.cloudformation:_stacks": "AccountRegionScopedDict",
}


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import _stacks, handlers
    from ministack.services.cloudformation.helpers import _error, _p

    create_stack, describe_stack_events = handlers._create_stack, handlers._describe_stack_events

    def status_by_name(params) -> str:
        return (_stacks.get(_p(params, "StackName")) or {}).get("StackStatus", "")

    def create(params):
        if status_by_name(params) == "ROLLBACK_COMPLETE":
            return _error("AlreadyExistsException", f"Stack [{_p(params, 'StackName')}] already exists")
        return create_stack(params)

    def events(params):
        if status_by_name(params) == "DELETE_COMPLETE":
            return _error("ValidationError", f"Stack [{_p(params, 'StackName')}] does not exist")
        return describe_stack_events(params)

    handlers._ACTION_HANDLERS["CreateStack"] = create
    handlers._ACTION_HANDLERS["DescribeStackEvents"] = events
