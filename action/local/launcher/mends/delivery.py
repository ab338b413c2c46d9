"""Events are delivered only where both ends allow it.

MiniStack polls a queue for a function whose role may not read it, and a rule invokes a function that never heard
of the rule. That is how a trigger comes to look right in one place and do nothing on AWS.
Source: Lambda Developer Guide, "Execution role permissions" (SQS, DynamoDB streams) and "Resource-based policies";
EventBridge User Guide, "Using resource-based policies"; Scheduler User Guide, "Execution role".
"""

import logging

import principals
from settings import Settings

LEANS_ON = {
    **principals.LEANS_ON,
    "ministack.services.lambda_svc:_iter_all_esms": "()",
    "ministack.services.lambda_svc:_create_esm": "(data)",
    "ministack.services.lambda_svc:_get_func_record_for_qualifier": "(name, qualifier)",
    "ministack.services.lambda_svc:_get_func_record_for_ref": "(function_ref)",
    "ministack.services.cloudformation.provisioners:_lambda_function_for_cfn_ref": "(function_ref)",
    "ministack.services.lambda_svc:_request_account_id": "ContextVar",
    "ministack.services.lambda_svc:_request_region": "ContextVar",
    "ministack.services.eventbridge:_invoke_target": "(target, event, rule, view)",
    "ministack.services.sns:_deliver_to_lambda": (
        "(endpoint, envelope, topic_arn, sub_arn, msg_id, raw_message, message_attributes)"
    ),
    "ministack.services.sqs:_queue_by_arn": "(arn)",
    "ministack.services.sns:_topic_by_arn_any_scope": "(topic_arn)",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
}

# What the function's role must allow on the source, by the source's service.
SOURCE_ACTIONS = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
}

log = logging.getLogger("warren")


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


def function_allows(function_arn: str, service: str, source_arn: str) -> bool:
    from ministack.services import lambda_svc

    function, config, _name = lambda_svc._get_func_record_for_ref(function_arn)
    if not function or not config:
        return False
    return principals.service_allowed(
        function["policy"], service, "lambda:InvokeFunction", config["FunctionArn"], source_arn)


def target_allows(target_arn: str, service: str, source_arn: str) -> bool:
    """Whether a rule's target lets the rule in. Targets of other kinds use the rule's role, which is not checked."""
    from ministack.services import sns, sqs

    kind = target_arn.split(":")[2]
    if kind == "lambda":
        return function_allows(target_arn, service, source_arn)
    if kind == "sqs":
        queue = sqs._queue_by_arn(target_arn) or {"attributes": {}}
        policy, action = queue["attributes"].get("Policy"), "sqs:SendMessage"
    elif kind == "sns":
        topic = sns._topic_by_arn_any_scope(target_arn) or {"attributes": {}}
        policy, action = topic["attributes"].get("Policy"), "sns:Publish"
    else:
        return True
    return principals.service_allowed(policy, service, action, target_arn, source_arn)


SCHEDULE_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}


def schedule_allows(target: dict) -> bool:
    """EventBridge Scheduler acts as the target's own role."""
    action = SCHEDULE_ACTIONS.get(target["Arn"].split(":")[2])
    role = target.get("RoleArn", "")
    return action is None or (
        principals.role_trusts(role, "scheduler.amazonaws.com")
        and principals.role_denied(role, "scheduler", action, target["Arn"]) is None)


def mend_mappings() -> None:
    from ministack.core.responses import error_response_json
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
            account_token = lambda_svc._request_account_id.set(account)
            region_token = lambda_svc._request_region.set(region)
            try:
                function, _config = lambda_svc._get_func_record_for_qualifier(
                    mapping["FunctionName"], mapping.get("Qualifier"))
                problem = problem_of(mapping.get("EventSourceArn", ""), function) if function else None
            finally:
                lambda_svc._request_account_id.reset(account_token)
                lambda_svc._request_region.reset(region_token)
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
        return create_resource(logical_id, props, stack_name)

    lambda_svc._iter_all_esms = readable_mappings
    lambda_svc._create_esm = create_esm
    handlers["create"] = create


def mend_pushes() -> None:
    from ministack.services import eventbridge, sns

    invoke_target, deliver_to_lambda = eventbridge._invoke_target, sns._deliver_to_lambda

    def invoke(target, event, rule, view=None):
        if principals.enforced():
            scheduled = event.get("Source") == "aws.scheduler"
            source = rule.get("Arn", "")
            allowed = schedule_allows(target) if scheduled else target_allows(
                target["Arn"], "events.amazonaws.com", source)
            if not allowed:
                log.warning("not delivered: %s does not let %s in", target["Arn"], source)
                return
        invoke_target(target, event, rule, view)

    def deliver(endpoint, envelope, topic_arn, *args):
        if principals.enforced() and not function_allows(endpoint, "sns.amazonaws.com", topic_arn):
            log.warning("not delivered: %s does not let %s in", endpoint, topic_arn)
            return
        deliver_to_lambda(endpoint, envelope, topic_arn, *args)

    eventbridge._invoke_target = invoke
    sns._deliver_to_lambda = deliver


def apply(settings: Settings) -> None:
    mend_mappings()
    mend_pushes()
