"""Lambda: a log group that a function names and that is not there is made only if the function's role may make it.

MiniStack always makes it, so that a run which outlives its stack would bring the stack's log group back, for ever. The
group that Lambda itself names (`/aws/lambda/<function>`) is made all the same: tests read what functions have printed.
Source: Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs": "the execution role must have the
permission logs:CreateLogGroup".
"""

import principals
from settings import Settings

LEANS_ON = {
    **principals.LEANS_ON,
    "ministack.services.lambda_svc:_emit_lambda_logs": (
        "(func, request_id, log_text, error, duration_ms, log_source)"
    ),
    "ministack.services.cloudwatch_logs:_log_groups": "AccountRegionScopedDict",
    "ministack.services.cloudwatch_logs:_make_group_arn": "(name)",
}


def apply(settings: Settings) -> None:
    from ministack.services import cloudwatch_logs, lambda_svc

    emit = lambda_svc._emit_lambda_logs

    def emit_lambda_logs(func, *told, **options):
        config = func.get("config") or func
        name = config.get("FunctionName", "unknown")
        usual = f"/aws/lambda/{name}"
        group = (config.get("LoggingConfig") or {}).get("LogGroup", usual)
        if group != usual and group not in cloudwatch_logs._log_groups and principals.enforced():
            arn = cloudwatch_logs._make_group_arn(group)
            if principals.role_denied(config.get("Role", ""), name, "logs:CreateLogGroup", arn):
                return
        emit(func, *told, **options)

    lambda_svc._emit_lambda_logs = emit_lambda_logs
