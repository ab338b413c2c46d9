"""CloudFormation: drift detection reads the live resources of every type in templates/, with the caller's permissions.

MiniStack compares some types, knows others only to be there or not at all, asks for no permission, and has ended
before anybody can ask for the status.
Source: CloudFormation User Guide, "Detect unmanaged configuration changes to stacks and resources with drift
detection" (whoever detects needs the read permission for each resource, cloudformation:DetectStackResourceDrift and
cloudformation:BatchDescribeTypeConfigurations); the read handlers' permissions in the registry schemas.
"""

import contextvars
import re
from xml.etree import ElementTree

import principals
import registry
from mends import stack_permissions
from permission_table import TABLE
from settings import Settings

LEANS_ON = {
    **principals.LEANS_ON,
    "ministack.services.cloudformation.drift:_DRIFT_READERS": "dict",
    "ministack.services.cloudformation.drift:_json_or": "(value)",
    "ministack.services.cloudformation.drift:detect_resource_drift": "(stack, logical_id, record, timestamp)",
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS": "dict",
    "ministack.services.cloudformation.provisioners:_eb_rule_bus_name": "(props)",
    "ministack.services.cloudformation.provisioners:_lambda_function_for_cfn_ref": "(function_ref)",
    "ministack.services.cloudwatch:_alarms": "AccountRegionScopedDict",
    "ministack.services.eventbridge:_rules": "AccountRegionScopedDict",
    "ministack.services.eventbridge:_rule_key": "(rule_name, bus_name)",
    "ministack.services.iam:_roles": "AccountScopedDict",
    "ministack.services.lambda_svc:_esms": "AccountRegionScopedDict",
    "ministack.services.lambda_svc:_event_invoke_config": "(func, qualifier)",
    "ministack.services.s3:_buckets": "AccountScopedDict",
    "ministack.services.s3:_bucket_policies": "AccountScopedDict",
}

# Not in a change set that reverts drift: that one only reads.
DETECTING: contextvars.ContextVar[bool] = contextvars.ContextVar("warren_detecting_drift", default=False)

# Not asked for: a rule's handler passes no role to read, and nothing here is encrypted with a key of one's own.
NOT_READING = frozenset({"iam:PassRole", "kms:Decrypt"})

ALARM = ("AlarmDescription", "MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods", "Threshold",
         "ComparisonOperator", "TreatMissingData")
MAPPING = ("BatchSize", "MaximumBatchingWindowInSeconds", "Enabled", "FunctionResponseTypes")
INVOKE = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
RULE = ("ScheduleExpression", "State", "Description", "EventPattern")


def kept(record: dict, names: tuple[str, ...]) -> dict:
    """Whole numbers as such: `1.0` is what CloudWatch makes of a template's `1`."""
    found = {name: record[name] for name in names if record.get(name) is not None}
    return {name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in found.items()}


def read_alarm(physical_id, _props):
    from ministack.services import cloudwatch

    alarm = cloudwatch._alarms.get(physical_id)
    return None if alarm is None else kept(alarm, ALARM)


def read_mapping(physical_id, _props):
    from ministack.services import lambda_svc

    mapping = lambda_svc._esms.get(physical_id)
    if mapping is None:
        return None
    return {**kept(mapping, MAPPING), "Enabled": mapping["State"] not in ("Disabled", "Disabling")}


def function_of(props: dict) -> dict:
    from ministack.services.cloudformation import provisioners

    return provisioners._lambda_function_for_cfn_ref(props.get("FunctionName", ""))[0] or {}


def read_permission(physical_id, props):
    sid = props.get("Id") or physical_id
    statements = function_of(props).get("policy", {}).get("Statement", [])
    return {} if any(statement.get("Sid") == sid for statement in statements) else None


def read_invoke_config(_physical_id, props):
    from ministack.services import lambda_svc

    config = lambda_svc._event_invoke_config(function_of(props), props.get("Qualifier"))
    return None if config is None else kept(config, INVOKE)


def read_rule(physical_id, props):
    from ministack.services import eventbridge
    from ministack.services.cloudformation import drift, provisioners

    rule = eventbridge._rules.get(eventbridge._rule_key(physical_id, provisioners._eb_rule_bus_name(props)))
    if rule is None:
        return None
    found = {name: rule[name] for name in RULE if rule.get(name)}
    return {**found, "EventPattern": drift._json_or(found["EventPattern"])} if "EventPattern" in found else found


def read_role_policy(physical_id, _props):
    from ministack.services import iam
    from ministack.services.cloudformation import drift

    name, _, role_name = physical_id.partition("|")
    role = iam._roles.get(role_name)
    document = (role or {}).get("InlinePolicies", {}).get(name)
    if document is None:
        return None
    return {"PolicyName": name, "RoleName": role_name, "PolicyDocument": drift._json_or(document)}


def read_bucket_policy(_physical_id, props):
    from ministack.services import s3
    from ministack.services.cloudformation import drift

    policy = s3._bucket_policies.get(props.get("Bucket"))
    policy = policy.decode() if isinstance(policy, bytes) else policy
    return None if policy is None else {"PolicyDocument": drift._json_or(policy)}


def public_access(bucket: str) -> dict:
    from ministack.services import s3

    stored = s3._buckets[bucket].get("_public_access_block")
    if not stored:
        return {}
    flags = {element.tag.rpartition("}")[2]: element.text == "true" for element in ElementTree.fromstring(stored)}
    return {"PublicAccessBlockConfiguration": flags}


def read_permissions(resource_type: str) -> list[str]:
    handlers = (registry.schema(resource_type) or {}).get("handlers", {})
    return [action for action in handlers.get("read", {}).get("permissions", []) if action not in NOT_READING]


def asking(resource_type: str, read):
    """The reader, after whoever acts has been asked for every permission of the type's read handler."""

    def ask_and_read(physical_id, props):
        needs = TABLE.get(resource_type)
        arn = stack_permissions.arn_of(needs, props, stack_permissions.name_from(physical_id)) if needs else "*"
        for action in read_permissions(resource_type):
            stack_permissions.require(action, arn)
        return read(physical_id, props)

    return ask_and_read


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import drift, handlers
    from ministack.services.cloudformation.helpers import _p

    known = drift._DRIFT_READERS
    read_bucket, bucket_properties = known["AWS::S3::Bucket"]

    def read_whole_bucket(physical_id, props):
        found = read_bucket(physical_id, props)
        # Never versioned looks like suspended: both keep no further versions.
        versioning = {"VersioningConfiguration": {"Status": "Suspended"}}
        return None if found is None else {**versioning, **found, **public_access(physical_id)}

    known.update({
        "AWS::CloudWatch::Alarm": (read_alarm, frozenset(ALARM)),
        "AWS::Events::Rule": (read_rule, frozenset(RULE)),
        "AWS::IAM::RolePolicy": (read_role_policy, frozenset({"PolicyName", "RoleName", "PolicyDocument"})),
        "AWS::Lambda::EventInvokeConfig": (read_invoke_config, frozenset(INVOKE)),
        "AWS::Lambda::Permission": (read_permission, frozenset()),
        "AWS::Lambda::EventSourceMapping": (read_mapping, frozenset(MAPPING)),
        "AWS::S3::Bucket": (read_whole_bucket, bucket_properties | {"PublicAccessBlockConfiguration"}),
        "AWS::S3::BucketPolicy": (read_bucket_policy, frozenset({"PolicyDocument"})),
    })
    known.update({kind: (asking(kind, read), properties) for kind, (read, properties) in known.items()})

    detect_stack, detect_one = handlers._ACTION_HANDLERS["DetectStackDrift"], drift.detect_resource_drift
    describe_status = handlers._ACTION_HANDLERS["DescribeStackDriftDetectionStatus"]
    asked: set[str] = set()

    def detect_stack_drift(params):
        token = DETECTING.set(True)
        try:
            return detect_stack(params)
        finally:
            DETECTING.reset(token)

    def detect_resource_drift(stack, logical_id, record, timestamp):
        for action, arn in (("cloudformation:DetectStackResourceDrift", stack["StackId"]),
                            ("cloudformation:BatchDescribeTypeConfigurations", "*")):
            denied = principals.stack_denied(action, arn) if DETECTING.get() else None
            if denied:
                return {
                    "StackId": stack["StackId"], "LogicalResourceId": logical_id, "Timestamp": timestamp,
                    "PhysicalResourceId": record.get("PhysicalResourceId", ""),
                    "ResourceType": record.get("ResourceType", ""),
                    "StackResourceDriftStatus": "UNKNOWN", "DriftStatusReason": denied.message(),
                }
        return detect_one(stack, logical_id, record, timestamp)

    def describe_drift_detection_status(params):
        status, headers, body = describe_status(params)
        detection = _p(params, "StackDriftDetectionId")
        if status >= 400 or detection in asked:
            return status, headers, body
        # It takes a while on AWS, so whoever asks only once must not get away with it here.
        asked.add(detection)
        text = body.decode() if isinstance(body, bytes) else body
        text = re.sub(r"<(DetectionStatusReason|DriftedStackResourceCount)>.*?</\1>", "", text, flags=re.DOTALL)
        text = re.sub(r"(?<=<DetectionStatus>)\w+", "DETECTION_IN_PROGRESS", text)
        return status, headers, text.encode() if isinstance(body, bytes) else text

    drift.detect_resource_drift = detect_resource_drift
    handlers._ACTION_HANDLERS["DetectStackDrift"] = detect_stack_drift
    handlers._ACTION_HANDLERS["DescribeStackDriftDetectionStatus"] = describe_drift_detection_status
