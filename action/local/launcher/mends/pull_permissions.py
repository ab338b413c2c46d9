"""Lambda pulls from a queue or a stream, and sends a failed event on, only as the function's role allows.

MiniStack polls a queue for a function whose role may not read it. AWS refuses to make such a mapping.
Source: Lambda Developer Guide, "Execution role permissions" (SQS, DynamoDB streams), "Adding a destination".
"""

import principals
from settings import Settings

LEANS_ON = {
    **principals.LEANS_ON,
    "ministack.services.lambda_svc:_iter_all_esms": "()",
    "ministack.services.lambda_svc:_esms": "AccountRegionScopedDict",
    "ministack.services.lambda_svc:_create_esm": "(data)",
    "ministack.services.lambda_svc:_get_func_record_for_qualifier": "(name, qualifier)",
    "ministack.services.lambda_svc:_get_func_record_for_ref": "(function_ref)",
    "ministack.services.lambda_svc:_put_event_invoke_config": "(func_name, qualifier, data)",
    "ministack.services.cloudformation.provisioners:_lambda_function_for_cfn_ref": "(function_ref)",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.core.responses:request_scope": "(account_id, region)",
}

# What the function's role must allow on the source, by the source's service.
SOURCE_ACTIONS = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
}


def source_problem(source_arn: str, role_arn: str) -> str | None:
    """Lambda's message when the role cannot read the source, or None."""
    if not principals.enforced():
        return None
    service = source_arn.split(":")[2] if source_arn.count(":") > 2 else ""
    for action in SOURCE_ACTIONS.get(service, ()):
        if principals.role_denied(role_arn, "awslambda", action, source_arn) is None:
            continue
        if service == "sqs":
            return f"The provided execution role does not have permissions to call {action.partition(':')[2]} on SQS"
        return (
            f"Cannot access stream {source_arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
            "DescribeStream, and ListStreams Actions on your stream in IAM.")
    return None


def mend_mappings() -> None:
    from ministack.core.responses import error_response_json, request_scope
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import provisioners

    every_mapping, create_mapping = lambda_svc._iter_all_esms, lambda_svc._create_esm
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    create_resource = handlers["create"]

    def problem_of(source_arn, function):
        config = (function or {}).get("config") or {}
        return source_problem(source_arn, config.get("Role", ""))

    def readable_mappings():
        for account, region, mapping in every_mapping():
            # The poller sets the scope of a mapping only after it got it from here.
            with request_scope(account, region):
                function, _config = lambda_svc._get_func_record_for_qualifier(
                    mapping["FunctionName"], mapping.get("Qualifier"))
                problem = problem_of(mapping.get("EventSourceArn", ""), function) if function else None
            if problem is None:
                yield account, region, mapping
            else:
                mapping["LastProcessingResult"] = f"PROBLEM: {problem}"

    def create_esm(data):
        function, _config, _name = lambda_svc._get_func_record_for_ref(data.get("FunctionName", ""))
        problem = problem_of(data.get("EventSourceArn", ""), function) if function else None
        return error_response_json("InvalidParameterValueException", problem) if problem else create_mapping(data)

    def create(logical_id, props, stack_name):
        function = provisioners._lambda_function_for_cfn_ref(props.get("FunctionName", ""))[0]
        problem = problem_of(props.get("EventSourceArn", ""), function)
        if problem:
            raise ValueError(principals.handler_message(problem, "lambda", 400, "InvalidRequest"))
        made = create_resource(logical_id, props, stack_name)
        # MiniStack keeps a disabled mapping still, but calls it enabled.
        lambda_svc._esms[made[0]]["State"] = "Enabled" if props.get("Enabled", True) else "Disabled"
        return made

    lambda_svc._iter_all_esms = readable_mappings
    lambda_svc._create_esm = create_esm
    handlers["create"] = create


DESTINATION_ACTIONS = {
    "sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction", "events": "events:PutEvents",
    "s3": "s3:PutObject",
}


def destination_problem(destinations: dict, role_arn: str) -> str | None:
    """Lambda's message when the role may not send to a destination, or None."""
    for destination in destinations.values():
        arn = destination.get("Destination", "")
        action = DESTINATION_ACTIONS.get(arn.split(":")[2] if arn.count(":") > 2 else "")
        if action and principals.enforced() and principals.role_denied(role_arn, "awslambda", action, arn):
            return (
                f"The function's execution role does not have permissions to call {action.partition(':')[2]} on {arn}")
    return None


def mend_destinations() -> None:
    from ministack.core.responses import error_response_json
    from ministack.services import lambda_svc

    put = lambda_svc._put_event_invoke_config

    def put_event_invoke_config(func_name, qualifier, data):
        config = (lambda_svc._functions.get(func_name) or {}).get("config", {})
        problem = destination_problem(data.get("DestinationConfig") or {}, config.get("Role", ""))
        if problem:
            return error_response_json("InvalidParameterValueException", problem)
        return put(func_name, qualifier, data)

    lambda_svc._put_event_invoke_config = put_event_invoke_config


def apply(settings: Settings) -> None:
    mend_mappings()
    mend_destinations()
