"""The style sheet of pictures in SVG."""

from __future__ import annotations

import re

import pytest

from natsauth.cli._graph import State
from natsauth.cli._graph_style import _DARK, _LIGHT, style


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [_LIGHT, _DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "fine", "soon", "bad", "never", "strange"])
def test_text_can_be_read_on_cards(palette: dict[str, str], name: str) -> None:
    dim, bright = sorted(map(luminance, (palette[name], palette["panel"])))
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_each_state_has_a_colour_by_light_and_in_the_dark() -> None:
    light, dark = style().split("@media (prefers-color-scheme:dark)")
    for state in State:
        assert re.search(rf"\.{state}\b", light)
        assert re.search(rf"\.{state}\b", dark)
