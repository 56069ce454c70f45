"""What is a secret, by name and by shape, and what stands in its place.

Names are read word by word: `--max-tokens`, `--sort-key` and `--author` are none, because
a command must be replayable. A hidden value keeps a checksum, so that two runs can still
be compared. `init` calls this, so the expressions of `shapes.py` are loaded only for a
text that holds the beginning of one.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ALWAYS = frozenset(
    "password passwd passphrase passcode secret secrets credential credentials apikey jwt "
    "bearer authorization cookie".split()
)
"""Words that make a name a secret's wherever they stand."""
_ENDINGS: tuple[str, ...] = (
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
)
_ENDINGS += ("authtoken", "accesstoken", "apitoken", "hftoken", "clientsecret")
_ABOUT = frozenset(
    "file files path dir folder name names length len size policy free less rate min max type "
    "prompt manager version field column col arn count num expiry expires ttl url uri endpoint "
    "provider store backend strength reset required store cmd command".split()
)
"""A name that ends in one of these tells about a secret and does not hold it."""
_AFTER = frozenset("value raw b64 base64 hex prod dev test staging".split())
"""Words after the one that decides, which change nothing."""
_KEYS = frozenset(
    "api access secret private auth encryption encrypt signing sign ssh gpg pgp client account "
    "storage licence license service session master deploy webhook subscription sas shared "
    "wandb comet neptune clearml mlflow openai anthropic claude gemini google gcp aws azure hf "
    "huggingface kaggle github gitlab ngc nvidia cohere mistral groq replicate openrouter "
    "together deepseek xai s3 minio r2 b2 stripe twilio sendgrid datadog dd sentry sendinblue "
    "mapbox langchain langsmith pinecone weaviate qdrant roboflow labelbox".split()
)
"""Words that make a key a secret one; any other kind of key sorts, groups or unlocks a dict."""
_PLAIN_TOKENS = frozenset(
    "pad eos bos unk mask sep cls special stop start end begin image audio video text word max min "
    "num n per next first last prev new sub single multi top each every by of bot eot eod im sot "
    "separator prompt system user assistant think decoder encoder forced target source lang "
    "language date time csrf "
    "blank space newline empty extra additional prefix suffix infill fim".split()
)
"""Kinds of token that are pieces of text."""
_PLAIN_PASSES = frozenset(
    "first second third last forward backward single multi one two three n num per all max min low "
    "high band each every full dry by".split()
)
_SWITCHES = frozenset("use no enable disable require requires with without skip is has".split())
_VALUES = frozenset(("", "true", "false", "yes", "no", "on", "off", "none", "null"))
"""What a switch is set to; no secret."""

_SHORTEST = 8
_SHAPES = (
    *("AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "hf_", "sk-", "sk_"),
    *("rk_", "xox", "glpat-", "AIza", "npm_", "pypi-", "eyJ", "PRIVATE KEY", "earer ", "asic "),
)
_NAMES = ("pass", "token", "secret", "key", "auth", "cred", "cookie", "jwt", "sig", "pat", "pwd")


def is_secret_name(name: str) -> bool:
    """Return whether a flag, variable or param of this name holds a secret.

    Takes `--api-key`, `apiKey`, `db.password` and `HF_TOKEN` alike.
    """
    if name.startswith(("/", "./", "../", "~/")):
        return False  # a path
    words = _words(name)
    while words and (words[-1] in _AFTER or words[-1].isdigit()) and len(words) > 1:
        words.pop()
    if not words or words[-1] in _ABOUT or (words[0] in _SWITCHES and len(words) == 2):
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if any(word in _ALWAYS or word.endswith(_ENDINGS) for word in words):
        return True
    if words[-3:] == ["access", "key", "id"]:
        return True
    return _is_secret_word(last, before)


def hidden(value: str) -> str:
    """Return what stands for a secret: equal secrets read alike, and nobody can read them."""
    return f"***(sha256:{_sha256(value.encode('utf-8', 'replace'))[:8]})"


def redact_argv(argv: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the arguments without their secrets, and the indices of those that held one.

    A value is hidden after `--name value`, `--name=value` and `name=value` where the name
    is a secret's, and wherever a known token, a URL's password or a private key stands.
    """
    shown: list[str] = []
    changed: list[int] = []
    named = ""
    for index, argument in enumerate(argv):
        text = _redact_argument(argument, named)
        shown.append(text)
        if text != argument:
            changed.append(index)
        named = argument if argument.startswith("-") and "=" not in argument else ""
    return shown, changed


def redact_text(text: str, *, names: bool = True) -> str:
    """Return a text with known tokens, passwords of URLs and private keys hidden.

    So are values that are assigned to a secret's name, unless `names` is False. A text
    that went through once comes back unchanged.
    """
    if not _may_hold_secret(text, names=names):
        return text
    from tui_tracker.capture import shapes  # loads the regular expressions

    parts: list[str] = []
    done = 0
    for start, end, _ in shapes.find_spans(text, names=names):
        parts += (text[done:start], hidden(text[start:end]))
        done = end
    parts.append(text[done:])
    return "".join(parts)


def redact_param(name: str, value: object) -> object:
    """Return a param's value, hidden where its name or its shape is a secret's.

    Numbers, truth values and None are none.
    """
    if isinstance(value, str):
        return hidden(value) if _hides(name, value) else redact_text(value)
    if isinstance(value, list):
        return [redact_param(name, member) for member in value]
    return value


class Mask:
    """Hides in printed lines what this process was given as secret, and known tokens.

    Values that are assigned to a secret's name are not: a line of output may well say
    `token: "the"`. A secret of less than eight characters would hide ordinary words.
    """

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        _, places = redact_argv(argv)
        given = [argv[place].partition("=")[2] or argv[place] for place in places]
        given += [value for name, value in environ.items() if _hides(name, value)]
        # GOOGLE_APPLICATION_CREDENTIALS and its like name a file.
        given = [value for value in given if not os.path.exists(value)]
        self._secrets = [value for value in given if len(value) >= _SHORTEST]
        self._secrets.sort(key=len, reverse=True)

    def hide(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, hidden(secret))
        return redact_text(text, names=False)


def find_secrets(text: str) -> list[tuple[int, str]]:
    """Return line (from 1) and kind of what looks like a secret; placeholders are left out.

    The value itself is told nowhere.
    """
    if not _may_hold_secret(text):
        return []
    from tui_tracker.capture import shapes

    found: list[tuple[int, str]] = []
    line, counted = 1, 0
    for start, end, kind in shapes.find_spans(text):
        line += text.count("\n", counted, start)
        counted = start
        if not shapes.is_placeholder(text[start:end], kind):
            found.append((line, kind))
    return found


def _redact_argument(argument: str, flag: str) -> str:
    if flag and not argument.startswith("-") and _hides(flag, argument):
        return hidden(argument)
    name, equals, value = argument.partition("=")
    if equals and _is_name(name) and _hides(name, value):
        return f"{name}={hidden(value)}"
    if " " in argument or "\n" in argument:
        # A command inside an argument: `sh -c "train --token abc"`.
        argument = _redact_words(argument)
    return redact_text(argument)


def _redact_words(argument: str) -> str:
    shown: list[str] = []
    flag = ""
    for word in argument.split(" "):
        name, equals, value = word.partition("=")
        bare = value.strip("'\"")
        if word and flag and not word.startswith("-") and _hides(flag, word.strip("'\"")):
            word = hidden(word)
        elif bare and name.startswith("-") and _hides(name, bare):
            word = f"{name}={hidden(value)}"
        flag = word if word.startswith("--") and not equals else ""
        shown.append(word)
    return " ".join(shown)


def _hides(name: str, value: str) -> bool:
    if value.lower() in _VALUES or value.startswith(("***(", "${")):
        return False
    if is_secret_name(name):
        return True
    # `--key` may sort or unlock: what it is set to decides.
    return _words(name)[-1:] in (["key"], ["keys"]) and _looks_random(value)


def _is_secret_word(last: str, before: str) -> bool:
    if last == "token":
        return before not in _PLAIN_TOKENS
    if last == "tokens":
        return before in ("api", "access", "auth")
    if last in ("key", "keys"):
        return before in _KEYS
    if last == "pass":
        return before not in _PLAIN_PASSES
    if last == "auth":
        return before not in _SWITCHES
    # Alone, PAT is a pattern and PWD a folder.
    return last in ("pat", "pwd") and bool(before)


def _looks_random(value: str) -> bool:
    plain = value.replace("-", "").replace("_", "")
    digits = sum(character.isdigit() for character in plain)
    return len(plain) >= 20 and plain.isalnum() and 3 <= digits < len(plain)


def _is_name(text: str) -> bool:
    return text.lstrip("-+~").replace(".", "").replace("-", "").replace("_", "").isalnum()


def _words(name: str) -> list[str]:
    return list(_split(name))


def _split(name: str) -> Iterator[str]:
    """Yield the words of a name in lower case: apart by signs, and by case as in `apiKey`."""
    word = ""
    for index, character in enumerate(name):
        if not character.isalnum():
            if word:
                yield word.lower()
            word = ""
            continue
        follows = name[index + 1 : index + 2]
        begins = word and character.isupper() and (word[-1].islower() or follows.islower())
        # HFToken: the last capital begins a word; TOKENs: it does not.
        if begins and (word[-1].islower() or len(name[index:]) > 2):
            yield word.lower()
            word = ""
        word += character
    if word:
        yield word.lower()


def _may_hold_secret(text: str, *, names: bool = True) -> bool:
    if any(shape in text for shape in _SHAPES) or ("://" in text and "@" in text):
        return True
    if not names or not any(sign in text for sign in "\"'?&\n"):
        return False
    lower = text.lower()
    return any(name in lower for name in _NAMES)


def _sha256(raw: bytes) -> str:
    try:
        # Without OpenSSL, which `hashlib` would load: 4 ms.
        from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            from hashlib import sha256
    digest: str = sha256(raw).hexdigest()
    return digest
