r"""Words as LaTeX and Markdown print them: nothing in them is a command or a mark there.

Of Markdown is escaped what would be read as markup, and nothing else, so that the text stays
readable as it is: `_` within a word is none, nor is `<` before a number. Of LaTeX every special
letter is written out; letters that pdfTeX has no glyph for are told by their number there,
and printed by LuaTeX and XeTeX.
"""

from __future__ import annotations

import re

TEX_LETTER = (
    r"\providecommand{\ttletter}[1]"
    r"{\ifdefined\Umathchar\char\"#1\relax\else\textnormal{[U+#1]}\fi}"
)
"""What a document needs where `in_latex` has written a letter by its number."""
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "-{}",
    "[": "{[}",
    "]": "{]}",
    "\n": " ",
    "–": r"\textendash{}",
    "…": r"\ldots{}",
    "±": r"\ensuremath{\pm}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "×": r"\ensuremath{\times}",
    "↵": r"\ensuremath{\hookleftarrow}",
    "→": r"\ensuremath{\rightarrow}",
    "↓": r"\ensuremath{\downarrow}",
    "↑": r"\ensuremath{\uparrow}",
    "µ": r"\textmu{}",
    "°": r"\textdegree{}",
}
_BREAKS = frozenset("/,=;:@")
_MARKUP = re.compile(r"[\\`*\[\]|~$]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
_AT_START = re.compile(r"^([#>+=-])|^(\d+)([.)])(?=\s|$)")


def in_latex(text: str) -> str:
    """Return words that TeX prints as they are."""
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    point = ord(letter)
    if point < 0x20 or point == 0x7F:
        return " "
    # T1 has what Latin 1 and the usual accents of Europe ask for.
    if point < 0x7F or 0xC0 <= point <= 0xFF:
        return letter
    return rf"\ttletter{{{point:04X}}}"


def in_latex_mono(text: str) -> str:
    """Return a text in letters of one width, broken where a long name may be."""
    parts = [_letter(c) + (r"\allowbreak{}" if c in _BREAKS or c == "_" else "") for c in text]
    return rf"\texttt{{{''.join(parts)}}}"


def in_markdown(text: str) -> str:
    """Return words that are read as they are, and begin no list, title or quotation."""
    escaped = _MARKUP.sub(lambda found: "\\" + found[0], " ".join(text.split("\n")))
    return _AT_START.sub(lambda f: f"\\{f[1]}" if f[1] else f"{f[2]}\\{f[3]}", escaped)


def in_markdown_mono(text: str, *, in_table: bool = False) -> str:
    """Return a text as code, in as many backquotes as it takes."""
    text = " ".join(text.split("\n"))
    if not text.strip() or (in_table and "\\|" in text):
        # A bar behind a backslash cannot be written as code within a table.
        return in_markdown(text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    # A table is cut at its bars before anything else, code or not.
    text = text.replace("|", "\\|") if in_table else text
    return f"{fence}{pad}{text}{pad}{fence}"


def in_markdown_cell(text: str) -> str:
    """Escape what does not stand at the beginning of a line, where a dash is a dash."""
    return in_markdown(f"x{text}")[1:]
