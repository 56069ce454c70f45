"""What is taken for a secret, by name and by shape, and what is left alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tui_tracker.capture.redaction import (
    find_secrets,
    hidden,
    is_secret_name,
    redact_argv,
    redact_text,
)

# Put together here, so that no scanner takes this file for a leak.
_LETTERS = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF"
_BODY = "\n".join([(_LETTERS * 2)[:64]] * 4)
TOKENS = {
    "AWS access key id": "AKIA" + "Z3MQ7RT5WX2YB4CN",
    "AWS session key id": "ASIA" + "Z3MQ7RT5WX2YB4CN",
    "GitHub token": "ghp_" + _LETTERS + "aB3d",
    "GitHub app token": "ghs_" + _LETTERS + "aB3d",
    "GitHub fine-grained token": "github_pat_" + _LETTERS + "_" + _LETTERS,
    "Hugging Face token": "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
    "OpenAI key": "sk-" + _LETTERS + _LETTERS[:16],
    "OpenAI project key": "sk-proj-" + _LETTERS + "-" + _LETTERS,
    "Anthropic key": "sk-ant-" + "api03-" + _LETTERS + "_" + _LETTERS,
    "Slack token": "xoxb-" + "123456789012-123456789012-" + _LETTERS[:24],
    "GitLab token": "glpat-" + _LETTERS[:20],
    "Google key": "AIza" + (_LETTERS * 2)[:35],
    "npm token": "npm_" + _LETTERS + "aB3d",
    "PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" + _LETTERS,
    "JSON web token": f"eyJ{_LETTERS}.eyJ{_LETTERS}.{_LETTERS}",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{_BODY}\n-----END RSA PRIVATE KEY-----",
    "PKCS 8": f"-----BEGIN PRIVATE KEY-----\n{_BODY}\n-----END PRIVATE KEY-----",
    "one line": f"-----BEGIN EC PRIVATE KEY-----\\n{_LETTERS}\\n-----END EC PRIVATE KEY-----",
}
ORDINARY = [
    "pip install sk-learn sk-image sk-video-toolkit-extended-edition",
    "hf_dataset = load_dataset(hf_datasets_server_name)",
    "task_key = row[0]",
    "key = 'validation_loss'",
    "for key, value in tokens.items():",
    "pad_token = '<pad>'; eos_token='<|endoftext|>'",
    "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
    "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
    "commit = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'",
    "run_id = '0195f3a2-7b1c-7def-8a3b-1234567890ab'",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "author = 'Ada Lovelace'",
    "password = getpass.getpass()",
    "api_key = os.environ['OPENAI_API_KEY']",
    "token: str",
    "api_key: Optional[str] = None",
    "secret = None",
    "see https://example.org:8080/docs and mail me@example.org",
    "ssh://git@github.com/org/repo.git",
    "git@github.com:org/repo.git",
    "max_tokens=4096 --keyframes 3 --sort-key loss",
    "-----BEGIN CERTIFICATE-----",
    "pattern = r'-----BEGIN PRIVATE KEY-----'",
    "npm_config_registry pypi-mirror glpat-",
    "basic configuration of the bearer bond market",
    "cache_key = f'{name}:{version}'",
    "https://example.org/?page=2&sort_key=name",
    "risk_level = 'sk-low'",
    "if token == 'integer': auth = 'Basic ' + credentials",
]


@pytest.mark.parametrize(
    "name",
    [
        *("--api-key", "--token", "--password", "--wandb-api-key", "--hf_token", "--github-pat"),
        *("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "db.password", "apiKey", "APIKey", "dbPassword"),
        *("WANDB_API_KEY", "OPENAI_KEY", "--auth", "client_secret", "PASSWORD_PROD", "db-pwd"),
        *("GITHUB_TOKEN_2", "--use-auth-token", "GOOGLE_APPLICATION_CREDENTIALS", "+a.token"),
    ],
)
def test_a_secrets_name_is_known_in_any_spelling(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("--max-tokens", "--tokenizer", "--keyframes", "--author", "--sort-key", "--pass-rate"),
        *("--bypass", "--auth-free", "-p", "", "pad_token", "max_token", "sortKey", "primary_key"),
        *("--num-passes", "PWD", "--pattern", "--no-auth", "token_type", "--token-file", "monkey"),
        *("keyboard", "--password-length", "compass", "secretary", "--path", "first_pass", "--key"),
    ],
)
def test_a_name_that_only_resembles_a_secrets_is_kept(name):
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "command",
    [
        "python train.py --max-tokens 100 --tokenizer bert --keyframes 3 --author x",
        "python train.py --sort-key loss --pass-rate 0.5 --bypass --auth-free -p 8080",
        "python train.py lr=0.1 +model.key=attention --key labels --use-auth true",
        "python -m sk-learn --token-file ~/.token --data hf_datasets/x",
        "python train.py --password --verbose --hash da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ],
)
def test_a_command_without_secrets_is_kept_word_by_word(command):
    assert redact_argv(command.split()) == (command.split(), [])


@pytest.mark.parametrize(
    ("argv", "shown", "changed"),
    [
        (["--api-key", "abc"], ["--api-key", hidden("abc")], [1]),
        (["--token=abc"], [f"--token={hidden('abc')}"], [0]),
        (["db.password=abc"], [f"db.password={hidden('abc')}"], [0]),
        (["+db.password=a=b"], [f"+db.password={hidden('a=b')}"], [0]),
        (["--hf_token", "abc", "x"], ["--hf_token", hidden("abc"), "x"], [1]),
        (["--key", "k" + _LETTERS], ["--key", hidden("k" + _LETTERS)], [1]),
        (["sh", "-c", "t --token abc -v"], ["sh", "-c", f"t --token {hidden('abc')} -v"], [2]),
        (["git+https://me:pw@host/r"], [f"git+https://{hidden('me:pw')}@host/r"], [0]),
        (["postgres://me:p/w@host/db"], [f"postgres://{hidden('me:p/w')}@host/db"], [0]),
        (['{"api_key": "abcd"}'], ['{"api_key": "' + hidden("abcd") + '"}'], [0]),
    ],
)
def test_a_value_after_a_secrets_name_is_hidden(argv, shown, changed):
    assert redact_argv(argv) == (shown, changed)


@pytest.mark.parametrize("kind", TOKENS)
def test_a_known_token_is_hidden_in_arguments_and_texts_and_found(kind):
    secret = TOKENS[kind]
    text = f"first line\nvalue = ({secret})\nlast line"

    shown, changed = redact_argv([f"--x={secret}", secret])
    redacted = redact_text(text)

    assert secret not in redacted + shown[0] + shown[1]
    assert changed == [0, 1]
    assert redacted.startswith("first line\nvalue = (***(sha256:")
    assert redacted.endswith(")\nlast line")
    assert [line for line, _ in find_secrets(text)] == [2]


def test_a_token_that_is_part_of_a_path_is_hidden():
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"

    assert token not in redact_text(f"/data/{token}/lib")


def test_an_aws_secret_key_beside_its_id_is_hidden_and_a_commit_is_not():
    key, commit = (
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzt5Kq3Wm9A",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    )
    text = f"{TOKENS['AWS access key id']},{key},{commit}"

    redacted = redact_text(text)

    assert key not in redacted
    assert commit in redacted


@pytest.mark.parametrize(
    "line",
    [
        'PASSWORD = "tr0ub4dor&3"',
        "'api_key': 'f00dcafe99'",
        "os.environ['HF_TOKEN'] = 'f00dcafe99'",
        "export WANDB_API_KEY=f00dcafe99f00dcafe99",
        "  api_key: f00dcafe99f00dcafe99",
        '+    client_secret="f00dcafe99",',
        '"{\\"token\\": \\"f00dcafe99\\"}"',
        "curl -H 'Authorization: Bearer f00dcafe99f00dcafe99'",
        "https://host/x?sig=f00dcafe99&a=1",
        "DATABASE_URL=postgresql+psycopg://me:tr0ub4dor@db:5432/x",
        "redis://:tr0ub4dor@cache:6379",
    ],
)
def test_a_value_that_is_assigned_to_a_secrets_name_is_hidden_and_found(line):
    redacted = redact_text(f"a\n{line}\nb")

    assert "f00dcafe" not in redacted
    assert "tr0ub4dor" not in redacted
    assert [number for number, _ in find_secrets(f"a\n{line}\nb")] == [2]


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_code_and_text_is_left_alone(line):
    assert redact_text(f"a\n{line}\nb") == f"a\n{line}\nb"
    assert find_secrets(f"a\n{line}\nb") == []


@pytest.mark.parametrize(
    "line",
    [
        "api_key = 'your-api-key-here'",
        "password = 'changeme'",
        "token = '<token>'",
        "https://user:password@host/",
        "SECRET_KEY = 'xxxxxxxxxxxx'",
    ],
)
def test_a_placeholder_is_not_reported(line):
    assert find_secrets(line) == []


def test_what_was_redacted_once_is_not_changed_again():
    text = "\n".join([*TOKENS.values(), "https://u:p4ssw0rd@h/", 'password = "tr0ub4dor"'])

    once = redact_text(text)

    assert redact_text(once) == once
    assert redact_argv([once]) == ([once], [])


def test_equal_secrets_read_alike_so_that_two_runs_compare():
    first, second, other = (redact_argv([f"--token={value}"])[0] for value in ("a", "a", "b"))

    assert first == second != other


def test_this_packages_own_code_holds_no_secret():
    from pathlib import Path

    import tui_tracker

    found = {
        str(path): secrets
        for path in Path(tui_tracker.__file__).parent.rglob("*.py")
        if (secrets := find_secrets(path.read_text(encoding="utf-8")))
    }

    assert found == {}


@pytest.mark.parametrize("text", ["\0" * 1000, "\ud800 token='\ud800abcd'", "'" * 5000, "=" * 5000])
def test_odd_texts_are_read_to_their_end(text):
    assert isinstance(redact_text(text), str)
    assert isinstance(find_secrets(text), list)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [
        "a_token",
        "://a:",
        "eyJaaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----",
        "key=",
        "'token':",
        "sk-a",
    ],
)
def test_no_text_takes_for_ever(piece):
    assert isinstance(find_secrets(piece * (400_000 // len(piece))), list)


def test_reading_arguments_without_secrets_loads_no_regular_expressions():
    code = (
        "import sys; from tui_tracker.capture.redaction import redact_argv; "
        "redact_argv(['python', 'train.py', '--sort-key=loss', '--lr', '0.1', '--token', 'x']); "
        "shapes = 'tui_tracker.capture.shapes'; "
        "print(sorted({'re', 'hashlib', 'typing', shapes} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)

    assert (done.stdout.strip(), done.stderr) == ("[]", "")
