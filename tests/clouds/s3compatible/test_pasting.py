"""What people paste of services that speak S3."""

from __future__ import annotations

import pytest

from clouds import Reading, read_pasted

R2 = f"{'0123456789abcdef' * 2}.r2.cloudflarestorage.com"
PATH = "s3://media/street/"


@pytest.mark.parametrize("chosen", ["S3", "S3Compatible", "AZURE"])
@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (f"https://{R2}/media/street/", {"endpoint": f"https://{R2}", "path": PATH}),
        (f"https://media.{R2}/street/", {"endpoint": f"https://media.{R2}".replace("media.", ""), "path": PATH}),
        (f"https://{R2}", {"endpoint": f"https://{R2}"}),
        (
            "https://media.s3.eu-central-2.wasabisys.com/street/a.jpg?X-Amz-Signature=0123",
            {"endpoint": "https://s3.eu-central-2.wasabisys.com", "path": PATH},
        ),
        (
            "https://fsn1.your-objectstorage.com/media/street/",
            {"endpoint": "https://fsn1.your-objectstorage.com", "path": PATH},
        ),
        (
            "AWS_ACCESS_KEY_ID=K005\nAWS_SECRET_ACCESS_KEY=s3cr3t\nAWS_ENDPOINT_URL=https://s3.us-west-004.backblazeb2.com",
            {
                "access_key_id": "K005",
                "secret_access_key": "s3cr3t",
                "endpoint": "https://s3.us-west-004.backblazeb2.com",
            },
        ),
    ],
)
def test_a_known_service_leads_here_from_anywhere(chosen: str, text: str, fields: dict[str, str]) -> None:
    found = read_pasted(text, chosen)
    assert isinstance(found, Reading)
    assert (found.type, dict(found.fields)) == ("S3Compatible", fields)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("http://10.0.0.7:9000/media/street/", {"endpoint": "http://10.0.0.7:9000", "path": PATH}),
        ("https://minio.acme.example", {"endpoint": "https://minio.acme.example"}),
        ("s3://media/street/", {"path": PATH}),
        ("access_key=AK\nsecret_key=s3cr3t\nregion=garage", {
            "access_key_id": "AK", "secret_access_key": "s3cr3t", "region": "garage",
        }),
    ],
)  # fmt: skip
def test_the_rest_is_for_who_has_chosen_it(text: str, fields: dict[str, str]) -> None:
    found = read_pasted(text, "S3Compatible")
    assert isinstance(found, Reading)
    assert (found.type, dict(found.fields)) == ("S3Compatible", fields)
    elsewhere = read_pasted(text, "GCS")
    assert elsewhere is None or elsewhere.type != "S3Compatible"


@pytest.mark.parametrize(
    "text", ["https://obs.eu-de.otc.t-systems.com/media/street/", "https://media.s3.amazonaws.com/x/"]
)
def test_what_is_another_providers_stays_its_own(text: str) -> None:
    found = read_pasted(text, "S3Compatible")
    assert found
    assert found.type in {"S3", "OBS"}
