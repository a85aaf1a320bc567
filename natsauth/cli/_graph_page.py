"""A picture of a store as a page for browsers, which is searched and needs nothing but itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.cli._graph import document_of, shown
from natsauth.cli._graph_layout import layers
from natsauth.cli._page import filled

if TYPE_CHECKING:
    from natsauth.cli._graph import Graph


def page(graph: Graph) -> str:
    """Return the page."""
    return filled("graph.html", {**_shown(document_of(graph)), "layers": layers(graph)})


def _shown(value: Any) -> Any:
    match value:
        case str():
            return shown(value)
        case dict():
            return {name: _shown(item) for name, item in value.items()}
        case list() | tuple():
            return [_shown(item) for item in value]
    return value
