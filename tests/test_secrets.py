"""Secrets in texts: found by place, replaced when shown."""

from __future__ import annotations

import time

import pytest

from tui_tracker.capture.secrets import find_secrets, redact_text

PLANTED = {
    "AWS key": "AKIA" + "IOSFODNN7EXAMPLQ",
    "GitHub token": "ghp_" + "x1Y2" * 9,
    "Hugging Face token": "hf_" + "aBcD" * 8,
    "OpenAI key": "sk-proj-" + "a1B2" * 8,
    "Slack token": "xoxb-" + "123456789012-abcdef",
    "GitLab token": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_token_of_a_known_shape_is_found_and_replaced(kind: str):
    text = f"first line\nKEY = {PLANTED[kind]!r}\n"

    assert find_secrets(text) == [(2, kind)]
    assert redact_text(text) == "first line\nKEY = '***'\n"


def test_a_password_in_an_address_is_found():
    text = "url = postgres://me:hunter2@db.example.org/x\n"

    assert find_secrets(text) == [(1, "password in an address")]
    assert redact_text(text) == "url = postgres://***@db.example.org/x\n"


def test_all_lines_of_a_private_key_are_replaced():
    text = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----\n"

    assert find_secrets(text) == [(1, "private key")]
    assert "MIIE" not in redact_text(text)
    assert redact_text(text).count("***") == 2


def test_an_assigned_value_counts_where_it_looks_random():
    assert find_secrets('password = "correct-horse-battery-9x"\n') == [(1, "assigned secret")]
    assert find_secrets('{"api_key": "Zq8vN2mX4kL7"}') == [(1, "assigned secret")]


@pytest.mark.parametrize(
    "text",
    [
        'token = "aaaaaaaaaaaa"',
        'password = "your-password-here"',
        'secret = "<put it here>"',
        'api_key = "${API_KEY}"',
        "password = os.environ['PASSWORD']",
        "tokenizer = 'bert-base-uncased'",
        "see https://example.org:8080/path@2x",
        "https_//nothing",
        "sk-learn and task-force",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str):
    assert find_secrets(text) == []
    assert redact_text(text) == text


def test_a_megabyte_without_secrets_takes_no_time():
    text = "loss = compute(x, y)  # nothing here\n" * 27_000

    started = time.perf_counter()
    found = find_secrets(text)

    assert found == []
    assert time.perf_counter() - started < 0.5
