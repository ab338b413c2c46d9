"""CloudFormation: what was deleted by hand cannot be put back, and the stack shows which resource that is.

MiniStack makes such a resource anew while it rolls an update back, so that no stack is ever in UPDATE_ROLLBACK_FAILED,
and lists what it could not put back as if all were well.
Source: ContinueUpdateRollback ("roll back to an old database that was deleted outside of CloudFormation ... causing the
update rollback to fail"; ResourcesToSkip: "resources that are in the UPDATE_FAILED state because a rollback failed").
"""

import contextvars
import uuid

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_rename_replacement": (
        "(physical_id, old_props, new_props, stack_name, logical_id, declared_name, current_name, create_fn, delete_fn, "
        "delete_when_id_unchanged)"
    ),
    "ministack.services.cloudformation.stacks:_revert_update": (
        "(stack_id, stack_name, logical_id, rtype, physical_id, applied_props, previous_props, attrs, record)"
    ),
    "ministack.services.cloudformation.stacks:_mark_rolled_back": "(record)",
    "ministack.services.cloudformation.handlers:_continue_update_rollback_async": (
        "(stack_name, stack_id, resources_to_skip)"
    ),
    "ministack.services.cloudformation:_stacks": "AccountRegionScopedDict",
}

REVERTING: contextvars.ContextVar[bool] = contextvars.ContextVar("warren_reverting", default=False)


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import _stacks, handlers, provisioners, stacks

    replace, revert = provisioners._rename_replacement, stacks._revert_update
    proceed = handlers._continue_update_rollback_async

    def rename_replacement(physical_id, old_props, new_props, stack_name, logical_id, declared_name, current_name,
                           *functions, **options):
        if current_name is None and REVERTING.get():
            raise ValueError(f'Resource handler returned message: "{physical_id} was not found" '
                             f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: NotFound)")
        return replace(physical_id, old_props, new_props, stack_name, logical_id, declared_name, current_name,
                       *functions, **options)

    async def revert_update(stack_id, stack_name, logical_id, rtype, physical_id, applied_props, previous_props, attrs,
                            record=None):
        token = REVERTING.set(True)
        try:
            return await revert(stack_id, stack_name, logical_id, rtype, physical_id, applied_props, previous_props,
                                attrs, record)
        except Exception as failure:
            if record is not None:
                record.update(ResourceStatus="UPDATE_FAILED", ResourceStatusReason=str(failure))
            raise
        finally:
            REVERTING.reset(token)

    async def continue_update_rollback(stack_name, stack_id, resources_to_skip):
        await proceed(stack_name, stack_id, resources_to_skip)
        for logical_id in resources_to_skip:
            stacks._mark_rolled_back(_stacks[stack_name]["_resources"].get(logical_id))

    handlers._continue_update_rollback_async = continue_update_rollback
    provisioners._rename_replacement = rename_replacement
    stacks._revert_update = revert_update
