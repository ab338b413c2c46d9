"""CloudFormation: stack operations that take time.

MiniStack makes a resource in no time, so nothing would ever be seen in progress. A pause for each resource shows
it; a time for the whole operation, shared out to its resources, gives a benchmark something to subtract.
"""

import contextvars
import time

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.stacks:_runs_on_worker_thread": "(resource_type)",
    "ministack.services.cloudformation.stacks:_provision_resource": "(resource_type, logical_id, props, stack_name)",
    "ministack.services.cloudformation.stacks:_update_resource": (
        "(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)"
    ),
    "ministack.services.cloudformation.stacks:_delete_resource": (
        "(resource_type, physical_id, props, stack_name, logical_id)"
    ),
    "ministack.services.cloudformation.stacks:_deploy_stack_async": (
        "(stack_name, stack_id, template, param_values, disable_rollback, tags, is_update, previous_stack, "
        "retain_except_on_create, imports)"
    ),
    "ministack.services.cloudformation.stacks:_delete_stack_async": "(stack_name, stack_id, retain_resources, force)",
    "ministack.services.cloudformation.handlers:_deploy_stack_async": (
        "(stack_name, stack_id, template, param_values, disable_rollback, tags, is_update, previous_stack, "
        "retain_except_on_create, imports)"
    ),
    "ministack.services.cloudformation.handlers:_delete_stack_async": (
        "(stack_name, stack_id, retain_resources, force)"
    ),
}

PAUSE: contextvars.ContextVar[float] = contextvars.ContextVar("warren_pause_seconds", default=0.0)


def paused(make):
    """The same function, after this operation's pause for one resource."""

    def after_pause(*args, **options):
        time.sleep(PAUSE.get())
        return make(*args, **options)

    return after_pause


def apply(settings: Settings) -> None:
    if settings.resource_delay_seconds == 0 and settings.operation_seconds == 0:
        return
    from ministack.services.cloudformation import _stacks, changesets, handlers, stacks

    deploy, delete = stacks._deploy_stack_async, stacks._delete_stack_async

    def set_pause(resources) -> None:
        share = settings.operation_seconds / len(resources) if resources else 0
        PAUSE.set(settings.resource_delay_seconds + share)

    async def deploy_stack_async(stack_name, stack_id, template, *args, **options):
        before = (options.get("previous_stack") or {}).get("_resources", {})
        set_pause(set(template.get("Resources", {})) | set(before))
        await deploy(stack_name, stack_id, template, *args, **options)

    async def delete_stack_async(stack_name, *args, **options):
        set_pause(_stacks.get(stack_name, {}).get("_resources", {}))
        await delete(stack_name, *args, **options)

    # On a thread of its own a resource may wait while the server goes on answering.
    stacks._runs_on_worker_thread = lambda resource_type: True
    for name in ("_provision_resource", "_update_resource", "_delete_resource"):
        setattr(stacks, name, paused(getattr(stacks, name)))
    for module in (stacks, handlers, changesets):
        module._deploy_stack_async = deploy_stack_async
    for module in (stacks, handlers):
        module._delete_stack_async = delete_stack_async
