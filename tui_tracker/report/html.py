"""A page as one HTML file without scripts, fonts or anything else from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tui_tracker.report.blocks import (
    Block,
    Bullets,
    Code,
    Heading,
    Line,
    Mono,
    Page,
    Paragraph,
    Picture,
    Strong,
    Table,
)
from tui_tracker.report.svg import DASHES, to_svg

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --soft: #5b6672; --paper: #fdfdfc;
  --line: #d9dde1; --box: #f2f4f5; --win: #0b7a52; --winbox: #e8f5ef;
  --c0: #0b7a52; --c1: #2563c9; --c2: #b8470b; --c3: #8b3fb0; --c4: #8a6d00; --c5: #667180; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6e8; --soft: #98a3ad; --paper: #15181b;
  --line: #33393f; --box: #1e2327; --win: #4fd1a0; --winbox: #14291f;
  --c0: #4fd1a0; --c1: #7fb0ff; --c2: #ff9d66; --c3: #d39cf0; --c4: #e0c14c; --c5: #a3adb8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 68rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { margin: 0 0 .4rem; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.4rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line);
  font-size: 1.25rem; }
h3 { margin: 1.5rem 0 .4rem; font-size: 1rem; }
p, ul { margin: .55rem 0; max-width: 54rem; overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; } li { margin: .2rem 0; }
code { padding: .08em .3em; border-radius: 4px; background: var(--box); font-size: .875em;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--box); line-height: 1.45; } pre code { padding: 0; background: none; }
p.outcome { max-width: none; padding: .8rem 1rem; border-left: 4px solid var(--win);
  border-radius: 0 6px 6px 0;
  background: var(--winbox); font-size: 1.08rem; }
.scroll { overflow-x: auto; margin: .8rem 0 .3rem; }
table { width: 100%; border-collapse: collapse; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th { border-bottom: 2px solid var(--line); color: var(--soft); font-weight: 600;
  text-align: left; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); vertical-align: top; }
th, td { padding: .35rem .7rem .35rem 0; } .r { text-align: right; }
td.r, td:first-child code { white-space: nowrap; } td.w { min-width: 15rem; }
td.w:nth-child(-n+2) { min-width: 24rem; }
tr.first td { background: var(--winbox); font-weight: 600; }
.caption { color: var(--soft); font-size: .87rem; }
figure { margin: 1.1rem 0; max-width: 54rem; } svg { display: block; width: 100%; height: auto; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.band { stroke: none; fill-opacity: .16; } .grid { stroke: var(--line); stroke-width: 1; }
.axis { stroke: var(--soft); } .tick { fill: var(--soft); font-size: 12px; }
.name { fill: var(--ink); font-size: 13px; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.4rem; margin: .3rem 0 0; padding: 0;
  list-style: none; font-size: .88rem; }
.legend svg { display: inline-block; width: 30px; height: 8px; margin-right: .45rem; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; } }
"""
_COLOURS = "\n".join(
    f".line.c{n} {{ stroke: var(--c{n}); }} .band.c{n} {{ fill: var(--c{n}); }}"
    for n in range(len(DASHES))
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def to_html(page: Page) -> str:
    """Return the page as one text."""
    head = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(page.title)}</title>",
        f"<style>{_STYLE}{_COLOURS}\n</style>",
        "</head>",
        "<body>",
        "<main>",
    ]
    body = [line for number, block in enumerate(page.blocks) for line in _block(block, number)]
    return "\n".join([*head, *body, "</main>", "</body>", "</html>"]) + "\n"


def _line(words: Line) -> str:
    parts = []
    for part in words:
        if isinstance(part, Mono):
            parts.append(f"<code>{escape(part.text)}</code>")
        elif isinstance(part, Strong):
            parts.append(f"<strong>{escape(part.text)}</strong>")
        else:
            parts.append(escape(part))
    return "".join(parts)


def _block(block: Block, number: int) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"<h{block.level}>{escape(block.text)}</h{block.level}>"
    elif isinstance(block, Paragraph):
        yield f"<p{' class=outcome' if block.loud else ''}>{_line(block.words)}</p>"
    elif isinstance(block, Bullets):
        yield "<ul>"
        yield from (f"<li>{_line(item)}</li>" for item in block.items)
        yield "</ul>"
    elif isinstance(block, Code):
        lines = "\n".join(escape(line) for line in block.lines)
        yield f"<pre><code>{lines}</code></pre>"
    elif isinstance(block, Picture):
        yield from _figure(block, number)
    else:
        yield from _table(block)


def _figure(picture: Picture, number: int) -> Iterator[str]:
    yield "<figure>"
    yield to_svg(picture, number)
    yield '<ul class="legend">'
    for place, line in enumerate(picture.lines):
        dash = f' stroke-dasharray="{DASHES[place]}"' if DASHES[place] else ""
        swatch = f'<svg viewBox="0 0 30 8" aria-hidden="true"><line class="line c{place}"{dash} '
        yield f'<li>{swatch}x1="1" y1="4" x2="29" y2="4"/></svg>{escape(line.label)}</li>'
    yield "</ul>"
    yield f'<figcaption class="caption">{_line(picture.caption)}</figcaption>'
    yield "</figure>"


def _table(table: Table) -> Iterator[str]:
    names = ["r" if column.right else "w" if column.wide else "" for column in table.columns]
    kinds = [f' class="{name}"' if name else "" for name in names]
    yield '<div class="scroll"><table>'
    cells = zip(table.columns, kinds, strict=True)
    titles = "".join(f'<th scope="col"{kind}>{escape(c.title)}</th>' for c, kind in cells)
    yield f"<thead><tr>{titles}</tr></thead>"
    yield "<tbody>"
    for place, row in enumerate(table.rows):
        first = ' class="first"' if table.first and place == 0 else ""
        cells_ = zip(row, kinds, strict=True)
        yield f"<tr{first}>{''.join(f'<td{k}>{_line(cell)}</td>' for cell, k in cells_)}</tr>"
    yield "</tbody></table></div>"
    if table.caption:
        yield f'<p class="caption">{_line(table.caption)}</p>'
