"""How Sphinx builds the site.

::

    python -m sphinx -W --keep-going -b html docs docs/_build/html
"""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Any

from sphinx.addnodes import pending_xref
from sphinx.util.nodes import make_refnode

import natsauth

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "natsauth"
author = "The natsauth authors"
copyright = "The natsauth authors"
version = release = natsauth.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
# Every reference leads somewhere, but to other projects: that would need a network.
nitpicky = True
nitpick_ignore_regex = [
    (
        "py:class",
        r"(collections\.abc\.)?(Callable|Mapping)|(enum\.)?StrEnum|Installed|Operation|Client",
    ),
    (
        "py:class",
        r"datetime|timedelta|InitVar|(pathlib\.)?Path|PathLike|SSLContext|nkeys\.KeyPair",
    ),
    (
        "py:class",
        r"(natsauth\.(token|authority\._node)\.)?[CN](_co)?|Connection|Abstract(Async)?ContextManager",
    ),
]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
maximum_signature_line_length = 80
napoleon_attr_annotations = True
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"natsauth {release}"
html_static_path = ["_static"]
html_css_files = ["natsauth.css"]
_COLORED = ("color-brand-primary", "color-brand-content", "color-api-name")
html_theme_options = {
    "light_css_variables": dict.fromkeys(_COLORED, "#0b6e4f"),
    "dark_css_variables": dict.fromkeys(_COLORED, "#5fcf9f"),
}

_FIELD = re.compile(
    r"^(?P<head>\.\. attribute:: \w+\n)(?P<text>(?:\n|   .*\n)*?)\n(?P<type>   :type: .*)$",
    re.MULTILINE,
)
_PROPERTY = re.compile(r"\A(?P<rest>.*?)\n+:type: (?P<start>.*?)\s*\Z", re.DOTALL)


def mend_docstring(
    _app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Undo what napoleon, which ran before, does to attributes.

    Of the line about a property it takes the words before a colon for a type, and the type of a
    field it puts below the text instead of beside the name.
    """
    text = "\n".join(lines)
    if what in ("property", "attribute"):
        text = _PROPERTY.sub(r"\g<start>: \g<rest>", text)
    lines[:] = _FIELD.sub(r"\g<head>\g<type>\n\g<text>", text).split("\n")


def shorten_signature(
    _app: Sphinx,
    _what: str,
    _name: str,
    _obj: object,
    _options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str, str | None] | None:
    """Show a dataclass without ``extra``, which all of them have, and factories as ``...``."""
    if signature is None or "<factory>" not in signature:
        return None
    signature = re.sub(r"extra: .*?\] ?= ?<factory>, ", "", signature)
    return signature.replace("<factory>", "..."), returns


def leave_builtins(_app: Sphinx, doctree: Any) -> None:
    """Keep ``type`` in signatures from being taken for the fields of that name."""
    for reference in doctree.findall(pending_xref):
        if hasattr(builtins, reference["reftarget"]):
            reference.attributes.pop("refspecific", None)


def find_elsewhere(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Any) -> Any:
    """Find a name of natsauth that a docstring mentions without its module, or with another one."""
    objects = env.domains.python_domain.objects
    name = node["reftarget"].rpartition(".")[2]
    found = [full for full in objects if full.rpartition(".")[2] == name]
    if node.get("refdomain") != "py" or hasattr(builtins, name) or not found:
        return None
    target = min(found, key=len)
    entry = objects[target]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, target)


def setup(app: Sphinx) -> None:
    """Connect what is above."""
    app.connect("autodoc-process-docstring", mend_docstring, priority=600)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("doctree-read", leave_builtins)
    app.connect("missing-reference", find_elsewhere)
