r"""A page as a LaTeX document: booktabs tables and pgfplots pictures, for any TeX engine.

Letters that pdfTeX has no glyph for are told by their number there, and printed by LuaTeX
and XeTeX. No user's word can be a command: every special letter is written out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tui_tracker.handing_on.escaping import TEX_LETTER, in_latex, in_latex_mono
from tui_tracker.report.blocks import (
    Block,
    Bullets,
    Code,
    Drawn,
    Heading,
    Line,
    Mono,
    Page,
    Paragraph,
    Picture,
    Strong,
    Table,
)

_HEAD = r"""\documentclass[11pt,a4paper]{article}
\usepackage{iftex}
\ifpdftex\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{textcomp}\fi
\usepackage[margin=2.4cm]{geometry}
\usepackage{booktabs,longtable,array}
\usepackage{pgfplots}
\usepgfplotslibrary{fillbetween}
\pgfplotsset{compat=1.15}
\setlength{\parindent}{0pt}\setlength{\parskip}{.5em}
\setlength{\LTleft}{0pt}\setlength{\LTright}{0pt plus 1fill}
"""
_COLOURS = ("teal", "blue", "orange", "violet", "olive", "gray")
_STYLES = ("solid", "dashed", "dotted", "dashdotted", "densely dashed", "densely dotted")


def to_latex(page: Page) -> str:
    """Return the page as a whole document."""
    lines = [_HEAD + TEX_LETTER, r"\begin{document}"]
    for block in page.blocks:
        lines += [*_block(block), ""]
    return "\n".join([*lines, r"\end{document}"]) + "\n"


def _line(words: Line) -> str:
    parts = []
    for part in words:
        if isinstance(part, Mono):
            parts.append(in_latex_mono(part.text))
        elif isinstance(part, Strong):
            parts.append(rf"\textbf{{{in_latex(part.text)}}}")
        else:
            # A long name in a narrow column may go on in the next line.
            parts.append(in_latex(part).replace(r"\_", r"\_\allowbreak{}"))
    return "".join(parts)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        command = {1: "section", 2: "subsection", 3: "subsubsection"}[block.level]
        yield rf"\{command}*{{{in_latex(block.text)}}}"
    elif isinstance(block, Paragraph):
        words = _line(block.words)
        yield rf"\begin{{quote}}{words}\end{{quote}}" if block.loud else words
    elif isinstance(block, Bullets):
        yield r"\begin{itemize}\setlength{\itemsep}{0pt}"
        yield from (rf"\item {{}}{_line(item)}" for item in block.items)
        yield r"\end{itemize}"
    elif isinstance(block, Code):
        yield r"\begin{flushleft}\small"
        yield from (rf"\mbox{{}}{_code(line)}\\" for line in block.lines)
        yield r"\end{flushleft}"
    elif isinstance(block, Picture):
        yield from _picture(block)
    else:
        yield from _table(block)


def _code(line: str) -> str:
    return in_latex_mono(line) if line.strip() else ""


def _table(table: Table) -> Iterator[str]:
    wide = sum(column.wide for column in table.columns)
    width = f"{0.5 / max(1, wide):.2f}"
    kinds = "".join(
        rf">{{\raggedright\arraybackslash}}p{{{width}\linewidth}}" if column.wide
        else "r" if column.right else "l"
        for column in table.columns
    )  # fmt: skip
    size = r"\footnotesize" if len(table.columns) > 4 else r"\small"
    yield rf"{{{size}\setlength{{\tabcolsep}}{{4pt}}\begin{{longtable}}{{@{{}}{kinds}@{{}}}}"
    titles = [in_latex(column.title) for column in table.columns]
    yield rf"\toprule {' & '.join(titles)} \\ \midrule \endhead"
    for row in table.rows:
        # An empty group keeps a bracket or star that begins a row from being \\'s argument.
        yield rf"{{}}{' & '.join(map(_line, row))} \\"
    yield r"\bottomrule\end{longtable}}"
    if table.caption:
        yield rf"{{\footnotesize {_line(table.caption)}\par}}"


def _picture(picture: Picture) -> Iterator[str]:
    kind = "semilogyaxis" if picture.log else "axis"
    yield r"\begin{center}\begin{tikzpicture}"
    yield (
        rf"\begin{{{kind}}}[width=.95\linewidth,height=6.5cm,xlabel={{{in_latex(picture.x)}}},"
        rf"ylabel={{{in_latex(picture.y)}}},legend columns=2,"
        r"legend style={font=\scriptsize,at={(.5,-.22)},anchor=north,/tikz/every even column/"
        r".append style={column sep=1em}},legend cell align=left,grid=major,"
        r"grid style={gray!25},tick label style={font=\scriptsize},scaled ticks=false]"
    )
    for number, line in enumerate(picture.lines):
        yield from _plot(line, number, log=picture.log)
    yield rf"\end{{{kind}}}"
    yield r"\end{tikzpicture}\end{center}"
    if picture.caption:
        yield rf"{{\footnotesize {_line(picture.caption)}\par}}"


def _plot(line: Drawn, number: int, *, log: bool) -> Iterator[str]:
    colour, style = _COLOURS[number], _STYLES[number]
    kept = [
        at for at in range(len(line.xs))
        if math.isfinite(line.lows[at] + line.highs[at]) and (line.lows[at] > 0 or not log)
    ]  # fmt: skip
    if len(kept) > 1 and any(line.lows[at] != line.highs[at] for at in kept):
        for name, values in (("l", line.lows), ("h", line.highs)):
            points = _points([line.xs[at] for at in kept], [values[at] for at in kept])
            yield (
                rf"\addplot[draw=none,forget plot,name path={name}{number}] "
                rf"coordinates {{{points}}};"
            )
        yield (
            rf"\addplot[{colour},opacity=.15,forget plot] "
            rf"fill between[of=l{number} and h{number}];"
        )
    fine = [at for at, v in enumerate(line.means) if math.isfinite(v) and (v > 0 or not log)]
    points = _points([line.xs[at] for at in fine], [line.means[at] for at in fine])
    yield rf"\addplot[{colour},{style},thick] coordinates {{{points}}};"
    yield rf"\addlegendentry{{{in_latex(line.label)}}}"


def _points(xs: Sequence[float], values: Sequence[float]) -> str:
    return " ".join(f"({x:.6g},{value:.6g})" for x, value in zip(xs, values, strict=True))
