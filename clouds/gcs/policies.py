"""A custom role, and its binding to a service account under a condition.

https://cloud.google.com/storage/docs/access-control/iam-permissions
https://cloud.google.com/iam/docs/conditions-attribute-reference
"""

from clouds.doctor.quoting import cel, command, hcl, json_text, shell
from clouds.permissions import Permission
from clouds.policies import Place, Request, Snippet

PERMISSIONS = {
    Permission.LIST: ["storage.objects.list"],
    Permission.READ: ["storage.objects.get"],
    Permission.WRITE: ["storage.objects.create"],
    # To Google, replacing an object is deleting one and creating another.
    Permission.OVERWRITE: ["storage.objects.create", "storage.objects.delete"],
}
ACCOUNT_NAME = "lightly"
ASK_PROJECT = "<project ID>"


def permissions(granted: list[Permission]) -> list[str]:
    return list(dict.fromkeys(name for permission in granted for name in PERMISSIONS[permission]))


def snippets(request: Request) -> list[Snippet]:
    if not request.granted:
        return [_new_key(request)] if request.gap and request.gap.credential else []
    note = "The bucket must use uniform access for conditions to be possible." if request.place.prefix else ""
    if request.place.prefix and Permission.LIST in request.granted:
        note += " Listing shows the names in the whole bucket: Google can't confine that to a directory."
    return [
        Snippet("gcloud", "gcloud", _gcloud(request), "bash", note),
        Snippet("terraform", "Terraform", _terraform(request), "hcl", f"Provider hashicorp/google. {note}".rstrip()),
    ]


def role_id(request: Request) -> str:
    """Of the rights alone: a role says nothing of a place, so one serves many."""
    return "lightly_" + "_".join(permission.value for permission in request.granted)


def condition(request: Request) -> str:
    """Objects below the prefix. Listing is a right on the bucket as a whole, which no prefix confines."""
    place = request.place
    if not place.prefix:
        return ""
    objects = f"projects/_/buckets/{place.bucket}/objects/{place.prefix}"
    parts = [f"resource.name.startsWith({cel(objects)})"]
    if Permission.LIST in request.granted:
        parts.insert(0, 'resource.type == "storage.googleapis.com/Bucket"')
    return " || ".join(parts)


def _project(place: Place) -> str:
    return place.fact("project_id") or ASK_PROJECT


def _email(request: Request) -> str:
    place = request.place
    return place.fact("service_account") or f"{ACCOUNT_NAME}@{_project(place)}.iam.gserviceaccount.com"


def _gcloud(request: Request) -> str:
    place = request.place
    project = shell(_project(place))
    lines = []
    if request.gap is None and not place.fact("service_account"):
        lines.append(f"gcloud iam service-accounts create {ACCOUNT_NAME} --project={project}")
    lines.append(
        command(
            f"gcloud iam roles create {role_id(request)}",
            f"--project={project}",
            f"--permissions={','.join(permissions(request.granted))}",
        )
    )
    expression = condition(request)
    if expression:
        document = json_text({"title": "lightly", "expression": expression})
        lines.append(f"cat > lightly-condition.json <<'END_OF_CONDITION'\n{document}\nEND_OF_CONDITION")
    lines.append(
        command(
            f"gcloud storage buckets add-iam-policy-binding gs://{place.bucket}",
            f"--member={shell(f'serviceAccount:{_email(request)}')}",
            f"--role={shell(f'projects/{_project(place)}/roles/{role_id(request)}')}",
            "--condition-from-file=lightly-condition.json" if expression else "--condition=None",
        )
    )
    if request.gap is None and not place.fact("service_account"):
        lines.append(_create_key(request))
    return "\n".join(lines)


def _create_key(request: Request) -> str:
    return command(
        "gcloud iam service-accounts keys create service-account.json", f"--iam-account={shell(_email(request))}"
    )


def _new_key(request: Request) -> Snippet:
    note = "Writes the key into a file: choose it here."
    return Snippet("gcloud", "gcloud", _create_key(request), "bash", note)


def _terraform(request: Request) -> str:
    place = request.place
    project, blocks = hcl(_project(place)), []
    member = hcl(f"serviceAccount:{_email(request)}")
    if request.gap is None and not place.fact("service_account"):
        member = '"serviceAccount:${google_service_account.lightly.email}"'
        blocks.append(
            f'resource "google_service_account" "lightly" {{\n  project    = {project}\n'
            f"  account_id = {hcl(ACCOUNT_NAME)}\n}}"
        )
    name = role_id(request)
    blocks.append(
        f'resource "google_project_iam_custom_role" "{name}" {{\n  project     = {project}\n'
        f"  role_id     = {hcl(name)}\n  title       = {hcl(name.replace('_', ' '))}\n"
        f"  permissions = {hcl(permissions(request.granted), 1)}\n}}"
    )
    expression = condition(request)
    bound = (
        f'\n\n  condition {{\n    title      = "lightly"\n    expression = {hcl(expression)}\n  }}'
        if expression
        else ""
    )
    blocks.append(
        f'resource "google_storage_bucket_iam_member" "{name}" {{\n  bucket = {hcl(place.bucket)}\n'
        f"  role   = google_project_iam_custom_role.{name}.id\n  member = {member}{bound}\n}}"
    )
    return "\n\n".join(blocks)
