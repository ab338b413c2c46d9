"""Which permissions CloudFormation needs to make, change and delete a resource, by resource type.

Out of the handlers' permissions in the registry schemas those that the handler always uses, and those that a
property brings along; the schemas name the most that a handler may ever need. test/local checks that each action
here is one that the schema names.
"""

from dataclasses import dataclass, field
from typing import Callable, Mapping

Properties = Mapping[str, object]


@dataclass(frozen=True)
class Needs:
    """Permissions of one resource type."""

    arn: Callable[[Properties, str], str]
    """The resource that is asked for, out of its properties and its (future) name; {region} and {account} stand for those."""
    create: tuple[str, ...]
    update: tuple[str, ...]
    delete: tuple[str, ...]
    name: str = ""
    """The property that names the resource."""
    longest_name: int = 128
    with_property: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further actions on creation and when that property changes; Tags counts only tags of the user."""
    update_with_property: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Instead of with_property when the property changes."""
    delete_with_property: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def named(pattern: str) -> Callable[[Properties, str], str]:
    return lambda _properties, name: pattern.replace("{name}", name)


def of(prop: str, pattern: str = "{name}") -> Callable[[Properties, str], str]:
    """The ARN of another resource, that a property names by ARN, URL or name."""

    def arn(properties: Properties, _name: str) -> str:
        value = properties.get(prop, "*")
        value = value[0] if isinstance(value, list) and value else value
        text = str(value)
        return text if text.startswith("arn:") else pattern.replace("{name}", text.rsplit("/", 1)[-1])

    return arn


FUNCTION = "arn:aws:lambda:{region}:{account}:function:{name}"
ROLE = "arn:aws:iam::{account}:role/{name}"
QUEUE = "arn:aws:sqs:{region}:{account}:{name}"
BUCKET = "arn:aws:s3:::{name}"


def anything(_properties: Properties, _name: str) -> str:
    return "*"


def role_arn(properties: Properties, name: str) -> str:
    return f"arn:aws:iam::{{account}}:role{properties.get('Path', '/')}{name}"


TABLE: Mapping[str, Needs] = {
    "AWS::SQS::Queue": Needs(
        named(QUEUE), name="QueueName", longest_name=80,
        create=("sqs:CreateQueue", "sqs:GetQueueAttributes"),
        update=("sqs:SetQueueAttributes", "sqs:GetQueueAttributes"),
        delete=("sqs:DeleteQueue", "sqs:GetQueueAttributes"),
        with_property={"Tags": ("sqs:TagQueue",)},
    ),
    "AWS::SQS::QueuePolicy": Needs(
        of("Queues", QUEUE),
        create=("sqs:SetQueueAttributes",), update=("sqs:SetQueueAttributes",), delete=("sqs:SetQueueAttributes",),
    ),
    "AWS::SNS::Topic": Needs(
        named("arn:aws:sns:{region}:{account}:{name}"), name="TopicName", longest_name=256,
        create=("sns:CreateTopic", "sns:GetTopicAttributes"),
        update=("sns:SetTopicAttributes", "sns:GetTopicAttributes"),
        delete=("sns:DeleteTopic", "sns:GetTopicAttributes"),
        with_property={"Tags": ("sns:TagResource",), "Subscription": ("sns:Subscribe",)},
    ),
    "AWS::SNS::TopicPolicy": Needs(
        of("Topics"),
        create=("sns:SetTopicAttributes",), update=("sns:SetTopicAttributes",), delete=("sns:SetTopicAttributes",),
    ),
    "AWS::SNS::Subscription": Needs(
        of("TopicArn"),
        create=("sns:Subscribe",), update=("sns:SetSubscriptionAttributes",), delete=("sns:Unsubscribe",),
    ),
    "AWS::DynamoDB::Table": Needs(
        named("arn:aws:dynamodb:{region}:{account}:table/{name}"), name="TableName", longest_name=255,
        create=("dynamodb:CreateTable", "dynamodb:DescribeTable"),
        update=("dynamodb:UpdateTable", "dynamodb:DescribeTable"),
        delete=("dynamodb:DeleteTable", "dynamodb:DescribeTable"),
        with_property={
            "Tags": ("dynamodb:TagResource",),
            "TimeToLiveSpecification": ("dynamodb:UpdateTimeToLive",),
            "PointInTimeRecoverySpecification": ("dynamodb:UpdateContinuousBackups",),
        },
    ),
    "AWS::S3::Bucket": Needs(
        named(BUCKET), name="BucketName", longest_name=63,
        create=("s3:CreateBucket",), update=(), delete=("s3:DeleteBucket",),
        with_property={
            "Tags": ("s3:PutBucketTagging",),
            "BucketEncryption": ("s3:PutEncryptionConfiguration",),
            "CorsConfiguration": ("s3:PutBucketCORS",),
            "LifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
            "LoggingConfiguration": ("s3:PutBucketLogging",),
            "NotificationConfiguration": ("s3:PutBucketNotification",),
            "OwnershipControls": ("s3:PutBucketOwnershipControls",),
            "PublicAccessBlockConfiguration": ("s3:PutBucketPublicAccessBlock",),
            "VersioningConfiguration": ("s3:PutBucketVersioning",),
        },
    ),
    "AWS::S3::BucketPolicy": Needs(
        of("Bucket", BUCKET),
        create=("s3:PutBucketPolicy",), update=("s3:PutBucketPolicy",), delete=("s3:DeleteBucketPolicy",),
    ),
    "AWS::Lambda::Function": Needs(
        named(FUNCTION), name="FunctionName", longest_name=64,
        create=("lambda:CreateFunction", "lambda:GetFunction"),
        update=("lambda:GetFunction",),
        delete=("lambda:DeleteFunction",),
        with_property={
            "Tags": ("lambda:TagResource",),
            "ReservedConcurrentExecutions": ("lambda:PutFunctionConcurrency",),
        },
        update_with_property={
            "Code": ("lambda:UpdateFunctionCode",),
            **dict.fromkeys(
                ("Description", "Environment", "Handler", "Layers", "LoggingConfig", "MemorySize", "Role", "Runtime",
                 "Timeout", "TracingConfig"),
                ("lambda:UpdateFunctionConfiguration",),
            ),
        },
    ),
    "AWS::Lambda::Permission": Needs(
        of("FunctionName", FUNCTION),
        create=("lambda:AddPermission",), update=(), delete=("lambda:RemovePermission",),
    ),
    "AWS::Lambda::EventSourceMapping": Needs(
        anything,
        create=("lambda:CreateEventSourceMapping", "lambda:GetEventSourceMapping"),
        update=("lambda:UpdateEventSourceMapping", "lambda:GetEventSourceMapping"),
        delete=("lambda:DeleteEventSourceMapping", "lambda:GetEventSourceMapping"),
        with_property={"Tags": ("lambda:TagResource",)},
    ),
    "AWS::Lambda::EventInvokeConfig": Needs(
        of("FunctionName", FUNCTION),
        create=("lambda:PutFunctionEventInvokeConfig",), update=("lambda:UpdateFunctionEventInvokeConfig",),
        delete=("lambda:DeleteFunctionEventInvokeConfig",),
    ),
    "AWS::IAM::Role": Needs(
        role_arn, name="RoleName", longest_name=64,
        create=("iam:CreateRole", "iam:GetRole"), update=(), delete=("iam:DeleteRole", "iam:GetRole"),
        with_property={
            "Tags": ("iam:TagRole",),
            "Policies": ("iam:PutRolePolicy",),
            "ManagedPolicyArns": ("iam:AttachRolePolicy",),
        },
        update_with_property={
            "AssumeRolePolicyDocument": ("iam:UpdateAssumeRolePolicy",),
            "Description": ("iam:UpdateRole",),
            "MaxSessionDuration": ("iam:UpdateRole",),
            "PermissionsBoundary": ("iam:PutRolePermissionsBoundary",),
        },
        delete_with_property={"Policies": ("iam:DeleteRolePolicy",), "ManagedPolicyArns": ("iam:DetachRolePolicy",)},
    ),
    "AWS::IAM::RolePolicy": Needs(
        of("RoleName", ROLE),
        create=("iam:PutRolePolicy", "iam:GetRolePolicy"), update=("iam:PutRolePolicy", "iam:GetRolePolicy"),
        delete=("iam:DeleteRolePolicy", "iam:GetRolePolicy"),
    ),
    "AWS::IAM::Policy": Needs(
        of("Roles", ROLE),
        create=("iam:PutRolePolicy",), update=("iam:PutRolePolicy",), delete=("iam:DeleteRolePolicy",),
    ),
    "AWS::IAM::ManagedPolicy": Needs(
        named("arn:aws:iam::{account}:policy/{name}"), name="ManagedPolicyName",
        create=("iam:CreatePolicy",), update=("iam:CreatePolicyVersion",), delete=("iam:DeletePolicy",),
        with_property={"Roles": ("iam:AttachRolePolicy",)},
    ),
    "AWS::IAM::OIDCProvider": Needs(
        lambda properties, _name: (
            f"arn:aws:iam::{{account}}:oidc-provider/{str(properties.get('Url', '')).removeprefix('https://')}"
        ),
        create=("iam:CreateOpenIDConnectProvider",), update=("iam:GetOpenIDConnectProvider",),
        delete=("iam:DeleteOpenIDConnectProvider",),
        with_property={"Tags": ("iam:TagOpenIDConnectProvider",)},
        update_with_property={
            "ClientIdList": (
                "iam:AddClientIDToOpenIDConnectProvider", "iam:RemoveClientIDFromOpenIDConnectProvider",
            ),
            "ThumbprintList": ("iam:UpdateOpenIDConnectProviderThumbprint",),
        },
    ),
    "AWS::Events::Rule": Needs(
        named("arn:aws:events:{region}:{account}:rule/{name}"), name="Name", longest_name=64,
        create=("events:PutRule", "events:DescribeRule"),
        update=("events:PutRule", "events:DescribeRule"),
        delete=("events:DeleteRule", "events:DescribeRule"),
        with_property={"Tags": ("events:TagResource",), "Targets": ("events:PutTargets",)},
        delete_with_property={"Targets": ("events:RemoveTargets",)},
    ),
    "AWS::Scheduler::Schedule": Needs(
        lambda properties, name: (
            f"arn:aws:scheduler:{{region}}:{{account}}:schedule/{properties.get('GroupName', 'default')}/{name}"
        ),
        name="Name", longest_name=64,
        create=("scheduler:CreateSchedule", "scheduler:GetSchedule"),
        update=("scheduler:UpdateSchedule", "scheduler:GetSchedule"),
        delete=("scheduler:DeleteSchedule", "scheduler:GetSchedule"),
    ),
    "AWS::Logs::LogGroup": Needs(
        named("arn:aws:logs:{region}:{account}:log-group:{name}"), name="LogGroupName", longest_name=512,
        create=("logs:CreateLogGroup",), update=(), delete=("logs:DeleteLogGroup",),
        with_property={"Tags": ("logs:TagResource",), "RetentionInDays": ("logs:PutRetentionPolicy",)},
    ),
    "AWS::CloudWatch::Alarm": Needs(
        named("arn:aws:cloudwatch:{region}:{account}:alarm:{name}"), name="AlarmName", longest_name=255,
        create=("cloudwatch:PutMetricAlarm",), update=("cloudwatch:PutMetricAlarm",),
        delete=("cloudwatch:DeleteAlarms",),
        with_property={"Tags": ("cloudwatch:TagResource",)},
    ),
    "AWS::SSM::Parameter": Needs(
        lambda _properties, name: f"arn:aws:ssm:{{region}}:{{account}}:parameter/{name.lstrip('/')}",
        name="Name",
        create=("ssm:PutParameter",), update=("ssm:PutParameter",), delete=("ssm:DeleteParameter",),
        with_property={"Tags": ("ssm:AddTagsToResource",)},
    ),
    "AWS::SecretsManager::Secret": Needs(
        named("arn:aws:secretsmanager:{region}:{account}:secret:{name}"), name="Name", longest_name=512,
        create=("secretsmanager:CreateSecret",), update=("secretsmanager:UpdateSecret",),
        delete=("secretsmanager:DeleteSecret",),
        with_property={"Tags": ("secretsmanager:TagResource",)},
    ),
}
