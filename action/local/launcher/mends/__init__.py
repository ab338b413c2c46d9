"""The mends, one concept a file. Each has LEANS_ON (see self_test.py) and apply(settings)."""

from types import ModuleType

from settings import Settings

from . import (
    account_limits,
    alarms,
    bucket_not_empty,
    bucket_settings,
    busy_workers,
    change_sets,
    comprehend,
    drift_detection,
    drift_reverts,
    iam_log,
    iam_resources,
    lambda_checks,
    lambda_environment,
    lambda_logs,
    lambda_python,
    log_event_ids,
    log_groups,
    mapping_actions,
    object_copies,
    pace,
    permissions_boundary,
    principal_arns,
    property_types,
    property_values,
    pull_permissions,
    push_permissions,
    replacement,
    reserved_concurrency,
    rollbacks,
    rule_arns,
    secure_transport,
    session_policies,
    sqs_batch_actions,
    stack_permissions,
    stack_requests,
    stack_tags,
    table_settings,
    template_url,
    trust_claims,
    web_identity,
)

# stack_permissions wraps the requests that change_sets and stack_requests put in place, and asks replacement;
# property_types goes around it, so that a change of type alone asks for nothing; pace goes around all, so that a
# resource waits before anything is asked.
ALL: tuple[ModuleType, ...] = (
    account_limits,
    alarms,
    bucket_not_empty,
    bucket_settings,
    busy_workers,
    change_sets,
    comprehend,
    drift_detection,
    drift_reverts,
    iam_log,
    iam_resources,
    lambda_checks,
    lambda_environment,
    lambda_logs,
    lambda_python,
    log_event_ids,
    log_groups,
    mapping_actions,
    object_copies,
    permissions_boundary,
    principal_arns,
    property_values,
    pull_permissions,
    push_permissions,
    replacement,
    reserved_concurrency,
    rollbacks,
    rule_arns,
    secure_transport,
    sqs_batch_actions,
    stack_requests,
    stack_tags,
    table_settings,
    template_url,
    trust_claims,
    web_identity,
    session_policies,
    stack_permissions,
    property_types,
    pace,
)


def choose(settings: Settings) -> tuple[ModuleType, ...]:
    """The mends to apply; WARREN_LOCAL_WITHOUT names some to leave out, so that a test can show what each is for."""
    return tuple(mend for mend in ALL if mend.__name__.rpartition(".")[2] not in settings.without)
