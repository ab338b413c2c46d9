"""A service pushes an event only to where the event's receiver lets it in.

In MiniStack a rule invokes a function that never heard of the rule. That is how a trigger comes to look right in one
place and to do nothing on AWS.
Source: Lambda Developer Guide, "Resource-based policies"; EventBridge User Guide, "Using resource-based policies";
Scheduler User Guide, "Execution role"; SNS Developer Guide, "Example cases for Amazon SNS access control".
"""

import json
import logging

import principals
from settings import Settings

LEANS_ON = {
    **principals.LEANS_ON,
    "ministack.services.lambda_svc:_get_func_record_for_ref": "(function_ref)",
    "ministack.services.eventbridge:_invoke_target": "(target, event, rule, view)",
    "ministack.services.sns:_deliver_to_lambda": (
        "(endpoint, envelope, topic_arn, sub_arn, msg_id, raw_message, message_attributes)"
    ),
    "ministack.services.sqs:_queue_by_arn": "(arn)",
    "ministack.services.sns:_topics": "AccountRegionScopedDict",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.sns:_topic_by_arn_any_scope": "(topic_arn)",
    "ministack.services.cloudwatch:_dispatch_alarm_actions": "(alarm, old_state, new_state, reason)",
}

log = logging.getLogger("warren")


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


ALARM_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def alarm_allowed(target_arn: str, alarm: dict) -> bool:
    allowed = target_allows(target_arn, "cloudwatch.amazonaws.com", alarm.get("AlarmArn", ""))
    if not allowed:
        log.warning("not delivered: %s does not let %s in", target_arn, alarm.get("AlarmArn"))
    return allowed


def mend_default_policy() -> None:
    """CloudFormation's topics let in everybody; AWS's default policy lets in the owner's account."""
    from ministack.core.responses import get_account_id
    from ministack.services import sns
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"]
    create_topic = handlers["create"]

    def create(logical_id, props, stack_name):
        made = create_topic(logical_id, props, stack_name)
        attributes = sns._topics[made[0]]["attributes"]
        policy = json.loads(attributes["Policy"])
        policy["Statement"][0]["Condition"] = {"StringEquals": {"AWS:SourceOwner": get_account_id()}}
        attributes["Policy"] = json.dumps(policy)
        return made

    handlers["create"] = create


def apply(settings: Settings) -> None:
    mend_default_policy()
    from ministack.services import cloudwatch, eventbridge, sns

    invoke_target, deliver_to_lambda = eventbridge._invoke_target, sns._deliver_to_lambda
    dispatch = cloudwatch._dispatch_alarm_actions

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

    def dispatch_alarm_actions(alarm, old_state, new_state, reason):
        if principals.enforced():
            alarm = {
                **alarm,
                **{kind: [arn for arn in alarm.get(kind) or [] if alarm_allowed(arn, alarm)] for kind in ALARM_ACTIONS},
            }
        dispatch(alarm, old_state, new_state, reason)

    eventbridge._invoke_target = invoke
    cloudwatch._dispatch_alarm_actions = dispatch_alarm_actions
    sns._deliver_to_lambda = deliver
