"""How Sphinx makes the site of these pages (`make site`, into build/site). No page asks another machine for anything.

The pages are plain Markdown that is read on GitHub, too, so what GitHub gives them is given here: the lists of index
pages become the site's order, `<a id="...">` is a place one can link to, and the state diagram is a picture.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.transforms import Transform

from deploy.report.pictures import lifecycle

project = "Offline Seeding"
author = "the contributors of Offline Seeding"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_extra_path = ["offices.schema.json"]
pygments_style, pygments_dark_style = "friendly", "monokai"

SECTION = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.M | re.S)
LINK = re.compile(r"^- \[([^\]]+)\]\(([a-z0-9/-]+)\.md\)", re.M)
ANCHOR = re.compile(r'<a id="([^"]+)">')


def order_of_the_site(app: Any, name: str, source: list[str]) -> None:
    """Give index pages a table of contents for each of their lists, so that there is one order of pages, not two."""
    if name.rpartition("/")[2] == root_doc:
        source[0] += "".join(map(_toctree, SECTION.findall(source[0])))


def _toctree(section: tuple[str, str]) -> str:
    title, text = section
    pages = "\n".join(f"{words} <{page}>" for words, page in LINK.findall(text))
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n" if pages else ""


class Anchors(Transform):
    """Let links lead to `<a id="...">`, as they do on GitHub."""

    default_priority = 870  # before MyST resolves the links within a page

    def apply(self, **_: Any) -> None:
        """Add the page's own anchors to the headings that MyST knows."""
        slugs = getattr(self.document, "myst_slugs", {})
        for raw in self.document.findall(nodes.raw):
            for anchor in ANCHOR.findall(raw.astext()):
                slugs[anchor] = (raw.line, anchor, anchor)


class Diagram(Directive):
    """The state diagram: GitHub draws the text with a script of its own, here it is our picture of the same table."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the picture."""
        return [nodes.raw("", f'<div class="lifecycle">{lifecycle()}</div>', format="html")]


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", order_of_the_site)
    app.add_transform(Anchors)
    app.add_directive("mermaid", Diagram)
