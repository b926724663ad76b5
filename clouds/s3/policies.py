"""IAM policies, trust policies, AWS CLI and Terraform.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-policies-s3.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from typing import Any

from clouds.doctor.quoting import command, hcl, iam, json_text, shell
from clouds.permissions import Permission
from clouds.policies import Request, Snippet

ASK_PRINCIPAL = "<the AWS principal of this platform: ask its operator>"
ASK_EXTERNAL_ID = "<the external ID of this dataset's team: ask one of its members>"
ASK_KMS_KEY = "<the ARN of the KMS key of this bucket>"
ROLE_NAME, USER_NAME = "Lightly-S3-Integration", "lightly"
_WRITES = {Permission.WRITE, Permission.OVERWRITE}


def key_snippets(request: Request) -> list[Snippet]:
    """For an IAM user with an access key."""
    document = policy(request)
    if not document["Statement"]:
        return []
    return [_policy(request, document, "IAM user"), _user_cli(request, document), _user_terraform(request, document)]


def role_snippets(request: Request) -> list[Snippet]:
    """For a role that this platform takes."""
    gap = request.gap
    if gap is not None and gap.trust:
        return _trust(request)
    document = policy(request)
    if not document["Statement"]:
        return []
    first = [] if gap is not None else [_trust_json(request)]
    granted = [_policy(request, document, "role"), _role_cli(request, document), _role_terraform(request, document)]
    return [*first, *granted]


def partition(region: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    prefixes = {"cn-": "aws-cn", "us-gov": "aws-us-gov", "us-isob-": "aws-iso-b", "us-iso-": "aws-iso"}
    return next((name for start, name in prefixes.items() if region.startswith(start)), "aws")


def policy(request: Request) -> dict[str, Any]:
    """Exactly this directory: its names, its objects, and the key they are encrypted with."""
    place, granted = request.place, request.granted
    bucket = f"arn:{partition(place.fact('region'))}:s3:::{place.bucket}"
    below = f"{iam(place.prefix)}*"
    statements: list[dict[str, Any]] = []
    if Permission.LIST in granted:
        only_below = {"Condition": {"StringLike": {"s3:prefix": [below]}}} if place.prefix else {}
        statements.append(_allow("LightlyList", ["s3:ListBucket"], bucket) | only_below)
    actions = ["s3:GetObject"] if Permission.READ in granted else []
    actions += ["s3:PutObject"] if _WRITES & set(granted) else []
    if actions:
        statements.append(_allow("LightlyObjects", actions, f"{bucket}/{below}"))
    if keys := _key_actions(request):
        statements.append(_allow("LightlyEncryption", keys, place.fact("kms_key_arn") or ASK_KMS_KEY))
    return {"Version": "2012-10-17", "Statement": statements}


def _key_actions(request: Request) -> list[str]:
    whole: frozenset[Permission] = request.needs if request.place.fact("kms_key_arn") else frozenset()
    used = whole if request.gap is None else request.gap.kms
    actions = ["kms:Decrypt"] if Permission.READ in used else []
    return actions + (["kms:GenerateDataKey"] if _WRITES & used else [])


def trust_policy(request: Request) -> dict[str, Any]:
    external_id = request.place.fact("external_id") or request.platform.external_id or ASK_EXTERNAL_ID
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": request.platform.aws_principal or ASK_PRINCIPAL},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _policy(request: Request, document: dict[str, Any], whose: str) -> Snippet:
    note = f"IAM console, the {whose}, Add permissions, Create inline policy, JSON."
    if request.gap is not None:
        note += f" Add this to the {whose}'s existing policies."
    text = json_text(document)
    if ASK_KMS_KEY in text:
        note += " Put in the ARN of the key first: S3 console, the bucket, Properties, Default encryption."
    return Snippet("policy", "IAM policy", text, "json", note)


def _at(request: Request) -> list[str]:
    """The server that the operator has named in AWS's place. Ceph takes IAM's calls there as well."""
    own = request.platform.endpoints.s3
    return [f"--endpoint-url={shell(own)}"] if own else []


# ---- a user with an access key ----


def _user_cli(request: Request, document: dict[str, Any]) -> Snippet:
    access_key_id = request.place.fact("access_key_id")
    put = command(
        "aws iam put-user-policy",
        '--user-name "$USER_NAME"' if access_key_id else f"--user-name {USER_NAME}",
        f"--policy-name {request.name}",
        f"--policy-document {shell(json_text(document))}",
        *_at(request),
    )
    if access_key_id:
        key = f"--access-key-id={shell(access_key_id)}"
        find = command("aws iam get-access-key-last-used", key, *_at(request))
        lookup = f"USER_NAME=$({find} --query UserName --output text)"
        return Snippet("cli", "AWS CLI", f"{lookup}\n{put}", "bash", "Looks up whose key it is, then grants.")
    if request.gap is not None:
        return Snippet("cli", "AWS CLI", put, "bash", f"Put the user's name in the place of {USER_NAME}.")
    create = command(f"aws iam create-user --user-name {USER_NAME}", *_at(request))
    key = command(f"aws iam create-access-key --user-name {USER_NAME}", *_at(request))
    lines = [create, put, key]
    note = "The last command prints access key ID and secret access key: enter them here."
    return Snippet("cli", "AWS CLI", "\n".join(lines), "bash", note)


def _user_terraform(request: Request, document: dict[str, Any]) -> Snippet:
    name = _terraform_name(request)
    blocks = []
    user = hcl("<name of the IAM user>")
    if request.gap is None:
        user = "aws_iam_user.lightly.name"
        blocks = [
            f'resource "aws_iam_user" "lightly" {hcl({"name": USER_NAME})}',
            'resource "aws_iam_access_key" "lightly" {\n  user = aws_iam_user.lightly.name\n}',
        ]
    blocks.append(_block("aws_iam_user_policy", name, {"name": hcl(request.name), "user": user}, document))
    return Snippet("terraform", "Terraform", "\n\n".join(blocks), "hcl", "Provider hashicorp/aws.")


# ---- a role with a trust policy ----


def _trust_note(request: Request) -> str:
    note = "IAM console, the role, Trust relationships. It lets this platform, and nobody else, take the role."
    if not request.platform.aws_principal:
        note += " The operator of this installation has not said which AWS principal it is: ask for it."
    return note


def _trust_json(request: Request) -> Snippet:
    return Snippet("trust", "Trust policy", json_text(trust_policy(request)), "json", _trust_note(request))


def _trust(request: Request) -> list[Snippet]:
    """The role is there, or not, and does not let this platform in."""
    document = trust_policy(request)
    update = command(
        "aws iam update-assume-role-policy",
        f"--role-name={shell(_role_name(request))}",
        f"--policy-document {shell(json_text(document))}",
        *_at(request),
    )
    role = _block("aws_iam_role", "lightly", {"name": hcl(_role_name(request))}, document, "assume_role_policy")
    return [
        _trust_json(request),
        Snippet("cli", "AWS CLI", update, "bash", "Replaces the role's trust policy."),
        Snippet("terraform", "Terraform", role, "hcl", "Provider hashicorp/aws."),
    ]


def _role_name(request: Request) -> str:
    return request.place.fact("role_arn").rpartition("/")[2] or ROLE_NAME


def _role_cli(request: Request, document: dict[str, Any]) -> Snippet:
    name = shell(_role_name(request))
    put = command(
        "aws iam put-role-policy",
        f"--role-name={name}",
        f"--policy-name {request.name}",
        f"--policy-document {shell(json_text(document))}",
        *_at(request),
    )
    if request.gap is not None:
        return Snippet("cli", "AWS CLI", put, "bash", "Adds what is missing to the role.")
    create = command(
        "aws iam create-role",
        f"--role-name={name}",
        f"--assume-role-policy-document {shell(json_text(trust_policy(request)))}",
        "--query Role.Arn --output text",
        *_at(request),
    )
    return Snippet(
        "cli", "AWS CLI", f"{create}\n{put}", "bash", "The first command prints the role ARN: enter it here."
    )


def _role_terraform(request: Request, document: dict[str, Any]) -> Snippet:
    blocks, role = [], hcl(_role_name(request))
    if request.gap is None:
        names = {"name": hcl(_role_name(request))}
        blocks = [
            _block("aws_iam_role", "lightly", names, trust_policy(request), "assume_role_policy"),
            'output "role_arn" {\n  value = aws_iam_role.lightly.arn\n}',
        ]
        role = "aws_iam_role.lightly.name"
    blocks.append(
        _block("aws_iam_role_policy", _terraform_name(request), {"name": hcl(request.name), "role": role}, document)
    )
    return Snippet("terraform", "Terraform", "\n\n".join(blocks), "hcl", "Provider hashicorp/aws.")


def _terraform_name(request: Request) -> str:
    return request.name.replace("-", "_")


def _block(kind: str, name: str, plain: dict[str, str], document: Any, argument: str = "policy") -> str:
    width = max(map(len, [*plain, argument]))
    rows = [f"  {key:<{width}} = {value}" for key, value in plain.items()]
    rows.append(f"  {argument:<{width}} = jsonencode({hcl(document, 1)})")
    return f'resource "{kind}" "{name}" {{\n' + "\n".join(rows) + "\n}"
