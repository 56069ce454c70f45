"""What secrets look like in a text: issued tokens, passwords of URLs, keys, assignments.

One alternation of all patterns reads 2.5 MB a second. Here plain searches find the few
places where a pattern may begin, and each expression is tried at its own places only.

Sources: the formats that GitHub, GitLab, AWS, Slack, OpenAI, Anthropic, Hugging Face,
Google, npm and PyPI give in their documentation of secret scanning; RFC 7468 (PEM),
RFC 7519 (JWT), RFC 3986 (userinfo).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui_tracker.capture.redaction import is_secret_name

Span = tuple[int, int, str]
"""Where a secret begins and ends, and its kind."""

_PREFIXED: tuple[tuple[str, str, str], ...] = (
    ("AKIA", "AWS access key id", r"AKIA[A-Z0-9]{16}\b"),
    ("ASIA", "AWS access key id", r"ASIA[A-Z0-9]{16}\b"),
    *((f"gh{kind}_", "GitHub token", rf"gh{kind}_[A-Za-z0-9]{{20,255}}\b") for kind in "pousr"),
    ("github_pat_", "GitHub token", r"github_pat_[A-Za-z0-9_]{22,255}\b"),
    (
        "hf_",
        "Hugging Face token",
        r"hf_(?:[A-Za-z0-9]{30,64}|(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]{20,29})\b",
    ),
    (
        "sk-",
        "API key",
        r"sk-(?:(?:proj|ant|svcacct|admin|or|lf)-[A-Za-z0-9_-]{16,300}"
        r"|(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,200})(?![A-Za-z0-9_-])",
    ),
    ("sk_", "Stripe key", r"sk_(?:live|test)_[A-Za-z0-9]{16,200}\b"),
    ("rk_", "Stripe key", r"rk_(?:live|test)_[A-Za-z0-9]{16,200}\b"),
    ("xox", "Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    ("glpat-", "GitLab token", r"glpat-[A-Za-z0-9_.-]{20,200}"),
    ("AIza", "Google API key", r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    ("npm_", "npm token", r"npm_(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{30,64}\b"),
    ("pypi-", "PyPI token", r"pypi-(?=[a-z-]*[A-Z])[A-Za-z0-9_-]{32,500}"),
    ("eyJ", "JSON web token", r"eyJ[\w-]{8,4000}\.eyJ[\w-]{8,8000}\.[\w-]{0,2000}"),
)
_PATTERNS = tuple((start, kind, re.compile(text, re.ASCII)) for start, kind, text in _PREFIXED)

_PEM = re.compile(
    r"-----BEGIN (?P<what>[A-Z0-9 ]*)PRIVATE KEY(?P<block> BLOCK)?-----"
    r"(?:(?P<body>.{0,20000}?)-----END (?P=what)PRIVATE KEY(?: BLOCK)?-----"
    r"|(?P<cut>(?:[\s+\\nr\"'-]{0,8}[A-Za-z0-9+/=]{20,80}){2,400}))",
    re.DOTALL,
)
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/=]{8,}")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")
_AWS_NEAR = 300
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}$")
# A password may hold a slash or an @, though a URL's should not; a port may not.
_USERINFO = re.compile(r"://(?P<secret>(?:[^\s/:@'\"<>]*:(?!\d+/)[^\s'\"<>]*|[^\s/:@'\"<>]+))@")
_HEADER = re.compile(r"(?i:bearer|basic)\s+(?P<secret>[A-Za-z0-9._~+/=-]{16,4000})")
_NAMED = re.compile(
    r"(?P<name>[A-Za-z][\w.-]{0,80})(?:\\?[\"'])?\]?\s{0,8}(?:=>|:=?|=)\s{0,8}"
    r"(?P<quote>\\?[\"'])(?P<secret>[^\"'\\\n]{4,4000})(?P=quote)"
)
_LINE = re.compile(
    r"[ \t+-]{0,40}(?:export[ \t]+|set[ \t]+|-[ \t]+)?(?P<name>[A-Za-z][\w.-]{0,80})"
    r"(?:=|:[ \t]+|[ \t]+=[ \t]+)(?P<secret>[^\s\"'#()\[\]{},;]{6,4000})[ \t]*(?:#.*)?$"
)
_QUERY = re.compile(r"[?&](?P<name>[\w.-]{1,60})=(?P<secret>[^&\s\"'<>#]{4,4000})")
_SIGNED = frozenset(("sig", "x-amz-signature", "x-amz-security-token", "x-goog-signature"))
_WORDS = (
    "pass",
    "token",
    "secret",
    "key",
    "auth",
    "cred",
    "cookie",
    "jwt",
    "_pat",
    "pwd",
    "sig=",
    "signature=",
)

_BY_PLACE = frozenset(
    ("assigned secret", "password in a URL", "secret in a URL", "authorization header")
)
"""Kinds that are told by where they stand, not by how they look."""
_PLACEHOLDER = re.compile(
    r"(?i)^(?:\W*|.*(?:your|example|placeholder|change.?me|dummy|redacted|xxxx|\.\.\.|\*\*\*"
    r"|1234567890abcdef).*|<.*>|[$%{].*|.*[{$<].*|(?:[\w.-]*:)?(?:password|passwd|passphrase|pass|pw|secret"
    r"|token|key|none|null|true|false|test|foo|bar|hunter2)|(.)\1*)$",
    re.DOTALL,
)


def find_spans(text: str, *, names: bool = True) -> list[Span]:
    """Return the places of secrets in order; they do not overlap.

    Without `names` what is only assigned to a secret's name is none.
    """
    spans = [*_find_blocks(text), *_find_tokens(text), *_find_userinfo(text)]
    spans += _find_aws_secrets(text, [span for span in spans if span[2].startswith("AWS")])
    spans += _find_headers(text)
    spans += _find_assigned(text) if names else ()
    # Of two that overlap the one that begins first, and of those the longer one.
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[Span] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def is_placeholder(secret: str, kind: str) -> bool:
    """Return whether a text only stands where a secret would; an issued token never does."""
    return kind in _BY_PLACE and _PLACEHOLDER.match(secret) is not None


def _places(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _find_tokens(text: str) -> Iterator[Span]:
    for start, kind, pattern in _PATTERNS:
        # Inside a longer word it is part of a name, a hash or an image; what base64 has no
        # sign for may stand in a path, too.
        inside = "_-" if start[-1] in "_-" else "_-+/"
        for at in _places(text, start):
            if at and (text[at - 1].isalnum() or text[at - 1] in inside):
                continue
            if match := pattern.match(text, at):
                yield at, match.end(), kind


def _find_blocks(text: str) -> Iterator[Span]:
    for at in _places(text, "-----BEGIN "):
        match = _PEM.match(text, at)
        if match and (match["cut"] or _BASE64_RUN.search(match["body"])):
            yield at, match.end(), "private key"


def _find_userinfo(text: str) -> Iterator[Span]:
    if "@" not in text:
        return
    for at in _places(text, "://"):
        scheme = _SCHEME.search(text, max(0, at - 32), at)
        match = _USERINFO.match(text, at)
        if match is None or scheme is None or match["secret"].startswith("***("):
            continue
        # `ssh://git@host` names a user; of HTTP a lone name is a token.
        if ":" in match["secret"] or scheme[0].lower().endswith(("http", "https")):
            yield *match.span("secret"), "password in a URL"


def _find_aws_secrets(text: str, ids: list[Span]) -> Iterator[Span]:
    """Yield the secret keys that stand beside access key ids; a SHA-1 is none."""
    for start, end, _ in ids:
        for match in _AWS_SECRET.finditer(text, max(0, start - _AWS_NEAR), end + _AWS_NEAR):
            key = match[0]
            if key.lower() != key and key.upper() != key and not key.isalpha():
                yield *match.span(), "AWS secret key"


def _find_headers(text: str) -> Iterator[Span]:
    for wanted in ("earer ", "asic "):
        for at in _places(text, wanted):
            match = _HEADER.match(text, at - 1) if at else None
            if match and any(character.isdigit() for character in match["secret"]):
                yield *match.span("secret"), "authorization header"


def _find_assigned(text: str) -> Iterator[Span]:
    """Yield values that are assigned to a secret's name, line by line."""
    lower = text.lower()
    seen = -1
    for at in sorted({at for word in _WORDS for at in _places(lower, word)}):
        if at < seen or not _may_name(lower, at):
            continue
        start = text.rfind("\n", 0, at) + 1
        seen = text.find("\n", at)
        seen = len(text) if seen < 0 else seen
        # A line of a thousand columns is data; only what is near the word is read.
        if seen - start > 4000:
            start, seen = max(start, at - 100), min(seen, at + 4000)
        line = text[start:seen]
        if "=" in line or ":" in line:
            yield from _find_in_line(line, start)


def _may_name(lower: str, at: int) -> bool:
    """Return whether a word can belong to a secret's name: a key alone never does."""
    return not lower.startswith("key", at) or (at > 0 and lower[at - 1] not in " \n\t\"'([{,")


def _find_in_line(line: str, start: int) -> Iterator[Span]:
    for match in _NAMED.finditer(line):
        if is_secret_name(match["name"]) and _is_value(match["secret"]):
            yield start + match.start("secret"), start + match.end("secret"), "assigned secret"
    for match in _QUERY.finditer(line):
        signed = match["name"].lower() in _SIGNED
        if (signed or is_secret_name(match["name"])) and _is_value(match["secret"]):
            yield start + match.start("secret"), start + match.end("secret"), "secret in a URL"
    whole = _LINE.match(line)
    if whole and is_secret_name(whole["name"]) and _is_bare_value(whole["secret"]):
        yield start + whole.start("secret"), start + whole.end("secret"), "assigned secret"


def _is_value(value: str) -> bool:
    return not value.startswith(("***(", "$", "{", "%(", "<", "#")) and " " not in value


def _is_bare_value(value: str) -> bool:
    """Return whether an unquoted value is one, and no name of something else."""
    digits = any(character.isdigit() for character in value)
    letters = any(character.isalpha() for character in value)
    return _is_value(value) and digits and letters and "://" not in value
