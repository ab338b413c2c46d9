"""S3: encryption, lifecycle, ownership, tags and suspended versioning of a template reach the bucket.

MiniStack's CloudFormation ignores these properties, its API has them.
Source: AWS::S3::Bucket; PutBucketEncryption, PutBucketLifecycleConfiguration, PutBucketOwnershipControls.
"""

from xml.etree.ElementTree import Element, SubElement, tostring

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_S3_BUCKET_CONFIGURATIONS": "tuple",
    "ministack.services.cloudformation.provisioners:_s3_apply_configurations": "(name, props, old_props)",
    "ministack.services.cloudformation.provisioners:_STACK_TAG_PROPERTY": "dict",
    "ministack.services.s3:_put_bucket_encryption": "(name, body)",
    "ministack.services.s3:_delete_bucket_encryption": "(name)",
    "ministack.services.s3:_put_bucket_lifecycle": "(name, body)",
    "ministack.services.s3:_delete_bucket_lifecycle": "(name)",
    "ministack.services.s3:_put_bucket_ownership_controls": "(name, body)",
    "ministack.services.s3:_delete_bucket_ownership_controls": "(name)",
    "ministack.services.s3:_bucket_tags": "AccountScopedDict",
    "ministack.services.s3:_bucket_versioning": "AccountScopedDict",
}


def add(parent: Element, name: str, value: object = None) -> Element:
    child = SubElement(parent, name)
    if value is not None:
        child.text = str(value).lower() if isinstance(value, bool) else str(value)
    return child


def encryption(value: dict) -> bytes:
    root = Element("ServerSideEncryptionConfiguration")
    for rule in value.get("ServerSideEncryptionConfiguration", []):
        element = add(root, "Rule")
        default = rule.get("ServerSideEncryptionByDefault")
        if default:
            by_default = add(element, "ApplyServerSideEncryptionByDefault")
            for name, text in default.items():
                add(by_default, name, text)
        if "BucketKeyEnabled" in rule:
            add(element, "BucketKeyEnabled", rule["BucketKeyEnabled"])
    return tostring(root)


def ownership(value: dict) -> bytes:
    root = Element("OwnershipControls")
    for rule in value.get("Rules", []):
        add(add(root, "Rule"), "ObjectOwnership", rule["ObjectOwnership"])
    return tostring(root)


# CloudFormation's flat properties of a rule and where the API has them; any other property fails the resource.
LIFECYCLE = {
    "ExpirationInDays": ("Expiration", "Days"),
    "ExpirationDate": ("Expiration", "Date"),
    "ExpiredObjectDeleteMarker": ("Expiration", "ExpiredObjectDeleteMarker"),
    "AbortIncompleteMultipartUpload.DaysAfterInitiation": ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
    "NoncurrentVersionExpirationInDays": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "NoncurrentVersionExpiration.NoncurrentDays": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "NoncurrentVersionExpiration.NewerNoncurrentVersions": ("NoncurrentVersionExpiration", "NewerNoncurrentVersions"),
}


def lifecycle_rule(rule: dict, element: Element) -> None:
    flat = {}
    for name, value in rule.items():
        for part, inner in value.items() if isinstance(value, dict) else [("", value)]:
            flat[f"{name}.{part}" if part else name] = inner
    add(element, "ID", flat.pop("Id", ""))
    add(element, "Status", flat.pop("Status"))
    add(add(element, "Filter"), "Prefix", flat.pop("Prefix", ""))
    groups: dict[str, Element] = {}
    for name, value in flat.items():
        if name not in LIFECYCLE:
            raise ValueError(f"the local AWS does not know the lifecycle property {name}")
        group, inner = LIFECYCLE[name]
        if group not in groups:
            groups[group] = add(element, group)
        add(groups[group], inner, value)


def lifecycle(value: dict) -> bytes:
    root = Element("LifecycleConfiguration")
    for rule in value.get("Rules", []):
        lifecycle_rule(rule, add(root, "Rule"))
    return tostring(root)


def apply(settings: Settings) -> None:
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    configure = provisioners._s3_apply_configurations

    def apply_configurations(name, props, old_props=None):
        configure(name, props, old_props)
        status = props.get("VersioningConfiguration", {}).get("Status")
        if status is None and (old_props or {}).get("VersioningConfiguration"):
            # A bucket that was once versioned can only be suspended.
            status = "Suspended"
        if status == "Suspended" and name in s3._bucket_versioning:
            s3._bucket_versioning[name] = status
        s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in props.get("Tags") or []}

    provisioners._S3_BUCKET_CONFIGURATIONS += (
        ("BucketEncryption", encryption, s3._put_bucket_encryption, s3._delete_bucket_encryption),
        ("LifecycleConfiguration", lifecycle, s3._put_bucket_lifecycle, s3._delete_bucket_lifecycle),
        ("OwnershipControls", ownership, s3._put_bucket_ownership_controls, s3._delete_bucket_ownership_controls),
    )
    provisioners._s3_apply_configurations = apply_configurations
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    provisioners._STACK_TAG_PROPERTY["AWS::Events::Rule"] = ("Tags", "list")
