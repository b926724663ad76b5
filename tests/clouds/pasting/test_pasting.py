"""What is told by a pasted text: a wide table, and whatever else hypothesis thinks of."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clouds import PROVIDERS, Reading, Refusal, parse_config, read_pasted
from clouds.pasting import cleaned, clutter_of
from tests.clouds import examples
from tests.clouds.examples import SAS, SECRET, SIGNATURE
from tests.clouds.pasting.texts import AWS_SECRET, ORDINARY, READ, REFUSED

SECRETS = (SECRET, AWS_SECRET, SIGNATURE, "plantedSignature", *examples.private_key().splitlines()[1:-1])


def shown(answer: Reading | Refusal) -> str:
    """All that may end up in a message or a log."""
    return f"{answer!r} {answer.what} {answer.notes}" if isinstance(answer, Reading) else f"{answer!r} {answer.reason}"


@pytest.mark.parametrize(("text", "chosen", "provider", "fields"), READ)
def test_it_is_read(text: str, chosen: str, provider: str, fields: dict[str, str]) -> None:
    answer = read_pasted(text, chosen)
    assert isinstance(answer, Reading), answer
    assert (answer.type, dict(answer.fields)) == (provider, fields)
    assert [secret for secret in SECRETS if secret in shown(answer)] == []
    secrets = PROVIDERS[provider].config_class.secret_fields()
    open_values = [value for name, value in answer.fields.items() if name not in secrets]
    assert [secret for secret in SECRETS for value in open_values if secret in value] == []


@pytest.mark.parametrize(("text", "chosen", "words"), REFUSED)
def test_it_is_refused_with_the_reason(text: str, chosen: str, words: str) -> None:
    answer = read_pasted(text, chosen)
    assert isinstance(answer, Refusal), answer
    assert words in answer.reason
    assert [secret for secret in (*SECRETS, "xxxx") if secret in shown(answer)] == []


@pytest.mark.parametrize(("text", "chosen"), ORDINARY)
def test_it_is_left_alone(text: str, chosen: str) -> None:
    assert read_pasted(text, chosen) is None


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_right_values_stay_as_they_are(provider: str) -> None:
    """No value of a right config is taken for something else, nor for cluttered."""
    config = parse_config(examples.example(provider))
    named = {info.alias or name: name for name, info in config.fields().items()}
    for alias, value in config.revealed().items():
        if alias == "type":
            continue
        answer = read_pasted(value, provider)
        assert answer is None or (isinstance(answer, Reading) and answer.fields.get(named[alias]) == value), alias
        assert cleaned(value, word=named[alias] not in {"path", "credentials"}) == value


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        (f'"{SECRET}"', SECRET, "quotation marks"),
        (f"'{SECRET}'", SECRET, "quotation marks"),
        (f"“{SECRET}”", SECRET, "quotation marks"),
        (f"`{SECRET}`", SECRET, "quotation marks"),
        (f'"{SECRET}",', SECRET, "quotation marks"),
        (f'\\"{SECRET}\\"', SECRET, "quotation marks"),
        (f'"{SECRET}', SECRET, "quotation marks"),
        (f' " {SECRET} " ', SECRET, "quotation marks"),
        (f"{SECRET},", SECRET, "comma"),
        (f"{SECRET};", SECRET, "comma"),
        (f"?{SAS};", f"?{SAS}", "comma"),
        (SAS.replace("&", "&amp;"), SAS, "&amp;"),
        (SAS.replace("&", "&#38;"), SAS, "&amp;"),
        (f"\ufeff{SECRET}", SECRET, "byte order mark"),
        (f"{SECRET[:9]}\u200b{SECRET[9:]}\u2060", SECRET, "invisible"),
        (f"<{SECRET}>", SECRET, "quotation marks"),
    ],
)
def test_what_sticks_to_a_value_is_taken_off_and_named(text: str, value: str, words: str) -> None:
    assert cleaned(text) == value
    assert words in ", ".join(clutter_of(text))
    assert SECRET not in ", ".join(clutter_of(text))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hand-made!,", True),  # perhaps it was made like this
        ("lightly-4f1c9a7be2,", True),  # AWS allows commas in external IDs
        ("it's", True),
        ('6" pipes/', False),
        ("s3://acme/👨\u200d👩\u200d👧/", False),
        ("s3://acme/a&amp;b/", False),
        ("s3://acme/last, first,", False),
        ("wJalr//+==", True),
        ("", True),
    ],
)
def test_what_may_belong_to_the_value_is_left(text: str, word: bool) -> None:
    assert cleaned(text, word=word) == text
    assert clutter_of(text, word=word) == []


def test_a_weak_reading_never_leads_to_another_provider() -> None:
    text = "https://minio.acme.example/acme/street/"
    for provider in PROVIDERS:
        found = read_pasted(text, provider)
        assert (found and found.type) == (provider if provider in {"OBS", "S3Compatible"} else None)


PIECES = [text for text, *_ in READ] + [text for text, *_ in REFUSED] + list('\ufeff"\n[@%:;=') + ["&amp;"]
LEAVES = st.text(max_size=5) | st.none() | st.booleans()
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.dictionaries(st.text(max_size=9), inner)).map(json.dumps)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=4).map("".join),
        DOCUMENTS,
    ),
    st.sampled_from(list(PROVIDERS)),
)
@example("https://[", "S3")
@example("http://a.s3.amazonaws.com:99999999/x", "S3")
@example("[" * 50_000, "GCS")
@example('{"type": ["x"], "private_key": 1}', "GCS")
@example("\ud800https://acme.s3.amazonaws.com/\ud800", "S3")
def test_it_never_raises_and_shows_no_secret(text: str, chosen: str) -> None:
    answer = read_pasted(text, chosen)
    cleaned(text)
    for word in (True, False):
        assert cleaned(cleaned(text, word=word), word=word) == cleaned(text, word=word)
    if answer:
        assert answer.type in PROVIDERS
        assert [secret for secret in SECRETS if secret in shown(answer)] == []
    if isinstance(answer, Reading):
        assert set(answer.fields) <= set(PROVIDERS[answer.type].config_class.fields())
        assert all(answer.fields.values())


@pytest.mark.parametrize(
    "part",
    [
        "\u200b",
        '"',
        "'",
        "access key id,secret access key",
        "ak=",
        "[",
        "https://",
        "a.",
        "&amp;",
        "sig=;",
        "x/",
        " ",
        "%25",
    ],
)
def test_a_hostile_text_costs_little(part: str) -> None:
    text = (part * 10_000)[:9_990]
    before = time.process_time()
    for chosen in PROVIDERS:
        read_pasted(text, chosen)
    cleaned(text)
    assert time.process_time() - before < 3
