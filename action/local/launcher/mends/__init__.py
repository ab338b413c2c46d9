"""The mends, one concept a file. Each has LEANS_ON (see self_test.py) and apply(settings)."""

from types import ModuleType

from settings import Settings

from . import (
    bucket_not_empty,
    change_sets,
    comprehend,
    delivery,
    iam_resources,
    lambda_checks,
    lambda_environment,
    pace,
    replacement,
    sqs_batch_actions,
    stack_permissions,
    stack_requests,
    table_settings,
    template_url,
    web_identity,
)

# stack_permissions wraps the requests that change_sets and stack_requests put in place, and asks replacement;
# pace wraps last, so that a resource waits before it is asked for its permissions.
ALL: tuple[ModuleType, ...] = (
    bucket_not_empty,
    change_sets,
    comprehend,
    delivery,
    iam_resources,
    lambda_checks,
    lambda_environment,
    replacement,
    sqs_batch_actions,
    stack_requests,
    table_settings,
    template_url,
    web_identity,
    stack_permissions,
    pace,
)


def choose(settings: Settings) -> tuple[ModuleType, ...]:
    """The mends to apply; WARREN_LOCAL_WITHOUT names some to leave out, so that a test can show what each is for."""
    return tuple(mend for mend in ALL if mend.__name__.rpartition(".")[2] not in settings.without)
