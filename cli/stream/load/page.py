"""One self-contained HTML page: no script, nothing fetched, legible in dark and in light. No I/O but the file.

Names and keys come from producers, so that every text is escaped where it becomes markup, and the page forbids itself
whatever is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

POLICY = "default-src 'none'; style-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --faint: #d8dee4; --dim: #59636e;
  --full: #0969da; --half: #9ec5f3; --hot: #d1242f; --series-0: #0969da; --series-1: #bf5700; --series-2: #1a7f37;
  --series-3: #8250df; --series-4: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --faint: #30363d; --dim: #9198a1;
  --full: #4493f8; --half: #1f4b80; --hot: #ff7b72; --series-0: #4493f8; --series-1: #f0883e; --series-2: #3fb950;
  --series-3: #ab7df8; --series-4: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem } p { margin: .4rem 0 }
.dim { color: var(--dim) } code { font: .9em ui-monospace, monospace; background: var(--faint); padding: .1em .35em;
  border-radius: 4px; overflow-wrap: anywhere }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--faint); vertical-align: middle }
.right { text-align: right; font-variant-numeric: tabular-nums } td.name { overflow-wrap: anywhere }
svg { display: block; width: 100%; height: auto } svg text { font-size: 12px; fill: var(--dim) }
.full { fill: var(--full) } .half { fill: var(--half) } .hot { fill: var(--hot) } .track { fill: var(--faint) }
.limit { stroke: var(--hot); stroke-dasharray: 5 4 } .axis { stroke: var(--faint) }
.line { fill: none; stroke-width: 2 }
"""


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element; children and attributes that are no markup are escaped. ``class_`` stands for ``class``."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"' for key, value in attributes.items()
    )
    inner = "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    return Markup(f"<{name}{told}>{inner}</{name}>")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> Markup:
    """A table; the columns of ``right`` hold numbers."""

    def cells(kind: str, texts: Sequence[str]) -> Markup:
        classes = ("right" if place in right else "name" for place in range(len(texts)))
        made = (tag(kind, text, class_=name) for text, name in zip(texts, classes, strict=True))
        return tag("tr", *made)

    body = tag("tbody", *(cells("td", row) for row in rows))
    return tag("div", tag("table", tag("thead", cells("th", headings)), body), class_="wide")


def page(title: str, subtitle: str, blocks: Sequence[str]) -> str:
    """The whole document."""
    head = tag(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    body = tag("body", tag("h1", title), tag("p", subtitle, class_="dim"), *blocks)
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def write_page(file: Path, document: str) -> None:
    """Keep the page.

    Raises:
        OSError: it cannot be written.
    """
    # Keys may hold halves of characters, which UTF-8 has no bytes for.
    file.write_text(document, encoding="utf-8", errors="replace")


def _number(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
