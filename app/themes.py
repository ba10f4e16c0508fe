"""The themes of mcpdeck: dark and light, each also for eyes that see red and green alike, and with high contrast.

Owns colours. Text keeps a contrast of at least 4.5 to 1 on every background it stands on, 7 to 1 with high contrast; a
test measures it. What a colour says is never said by it alone: a glyph or a word stands beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.theme import Theme

DARK = Theme(
    name="deck-dark",
    dark=True,
    primary="#7ab7ff",
    secondary="#9aa7d8",
    accent="#ffc66b",
    success="#83d39a",
    warning="#f0b95b",
    error="#ff8589",
    foreground="#dde3ea",
    background="#0f1318",
    surface="#171d24",
    panel="#1f2730",
    boost="#1f2730",
    variables={
        "text-muted": "#95a1af",
        "text-disabled": "#7d8996",
        "border": "#7ab7ff",
        "border-blurred": "#33404d",
        "block-cursor-background": "#24364a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#1c242d",
        "block-cursor-blurred-foreground": "#dde3ea",
        "block-hover-background": "#1c242d",
        "input-cursor-background": "#dde3ea",
        "input-cursor-foreground": "#0f1318",
        "input-selection-background": "#2f5580",
        "scrollbar": "#33404d",
        "scrollbar-hover": "#4a5b6c",
        "scrollbar-active": "#7ab7ff",
        "scrollbar-background": "#0f1318",
        "scrollbar-background-hover": "#0f1318",
        "scrollbar-background-active": "#0f1318",
        "scrollbar-corner-color": "#0f1318",
        "footer-background": "#171d24",
        "link-color": "#7ab7ff",
        "link-background-hover": "#24364a",
        "link-color-hover": "#ffffff",
    },
)

LIGHT = Theme(
    name="deck-light",
    dark=False,
    primary="#0a58b0",
    secondary="#4a568a",
    accent="#8a4b00",
    success="#136c3c",
    warning="#855300",
    error="#b01c2e",
    foreground="#1b242d",
    background="#fbfbf9",
    surface="#eff1f2",
    panel="#e5e9ec",
    boost="#e5e9ec",
    variables={
        "text-muted": "#55616d",
        "text-disabled": "#66717c",
        "border": "#0a58b0",
        "border-blurred": "#c3ccd4",
        "block-cursor-background": "#d3e4f8",
        "block-cursor-foreground": "#0b1520",
        "block-cursor-blurred-background": "#e8ecef",
        "block-cursor-blurred-foreground": "#1b242d",
        "block-hover-background": "#e8ecef",
        "input-cursor-background": "#1b242d",
        "input-cursor-foreground": "#fbfbf9",
        "input-selection-background": "#b3d1f5",
        "scrollbar": "#c3ccd4",
        "scrollbar-hover": "#9caab6",
        "scrollbar-active": "#0a58b0",
        "scrollbar-background": "#fbfbf9",
        "scrollbar-background-hover": "#fbfbf9",
        "scrollbar-background-active": "#fbfbf9",
        "scrollbar-corner-color": "#fbfbf9",
        "footer-background": "#eff1f2",
        "link-color": "#0a58b0",
        "link-background-hover": "#d3e4f8",
        "link-color-hover": "#0b1520",
    },
)


def _with(theme: Theme, name: str, variables: dict[str, str], **colours: Any) -> Theme:
    """``theme`` in other colours, by another name."""
    return replace(theme, name=name, variables=theme.variables | variables, **colours)


def _accented(colour: str) -> dict[str, str]:
    return {"border": colour, "scrollbar-active": colour, "link-color": colour}


# Good is blue, bad is orange to vermilion (after Okabe and Ito, "Color Universal Design", 2008): told apart with every
# kind of colour blindness, by their lightness too.
SAFE_DARK = _with(
    DARK,
    "deck-safe-dark",
    _accented("#c3c9f2"),
    primary="#c3c9f2",
    secondary="#b9a3d9",
    accent="#f0e442",
    success="#56b4e9",
    warning="#f0e442",
    error="#ff9152",
)
SAFE_LIGHT = _with(
    LIGHT,
    "deck-safe-light",
    _accented("#3b3f8f"),
    primary="#3b3f8f",
    secondary="#5c4a7d",
    accent="#7a3f6d",
    success="#005f9e",
    warning="#735700",
    error="#a83a00",
)
CONTRAST_DARK = _with(
    DARK,
    "deck-contrast-dark",
    {
        **_accented("#8fd0ff"),
        "text-muted": "#d0d6dc",
        "text-disabled": "#c4ccd4",
        "border-blurred": "#9aa5b0",
        "block-cursor-background": "#002a5c",
        "block-cursor-blurred-background": "#2a2f36",
        "block-cursor-blurred-foreground": "#ffffff",
        "block-hover-background": "#2a2f36",
        "input-cursor-background": "#ffffff",
        "input-cursor-foreground": "#000000",
        "input-selection-background": "#0055b8",
        "scrollbar": "#9aa5b0",
        "scrollbar-background": "#000000",
        "scrollbar-background-hover": "#000000",
        "scrollbar-background-active": "#000000",
        "scrollbar-corner-color": "#000000",
        "footer-background": "#000000",
    },
    primary="#8fd0ff",
    secondary="#c9c4ff",
    accent="#ffe08a",
    success="#7dff9c",
    warning="#ffd75e",
    error="#ffa3a3",
    foreground="#ffffff",
    background="#000000",
    surface="#0a0a0a",
    panel="#1a1a1a",
    boost="#1a1a1a",
)
CONTRAST_LIGHT = _with(
    LIGHT,
    "deck-contrast-light",
    {
        **_accented("#00307a"),
        "text-muted": "#30363c",
        "text-disabled": "#3a4148",
        "border-blurred": "#4c555e",
        "block-cursor-background": "#cfe4ff",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#e0e3e6",
        "block-cursor-blurred-foreground": "#000000",
        "block-hover-background": "#e0e3e6",
        "input-cursor-background": "#000000",
        "input-cursor-foreground": "#ffffff",
        "input-selection-background": "#a8ceff",
        "scrollbar": "#4c555e",
        "scrollbar-background": "#ffffff",
        "scrollbar-background-hover": "#ffffff",
        "scrollbar-background-active": "#ffffff",
        "scrollbar-corner-color": "#ffffff",
        "footer-background": "#ffffff",
    },
    primary="#00307a",
    secondary="#2f2a66",
    accent="#5e2b00",
    success="#004d1f",
    warning="#583500",
    error="#86000f",
    foreground="#000000",
    background="#ffffff",
    surface="#f5f5f5",
    panel="#ebebeb",
    boost="#ebebeb",
)

TITLES: dict[str, tuple[str, str]] = {
    DARK.name: ("Dark", "the usual one"),
    LIGHT.name: ("Light", "for bright rooms"),
    SAFE_DARK.name: ("Dark, colour-blind safe", "good is blue, bad is orange"),
    SAFE_LIGHT.name: ("Light, colour-blind safe", "good is blue, bad is rust"),
    CONTRAST_DARK.name: ("Dark, high contrast", "white on black, 7 to 1"),
    CONTRAST_LIGHT.name: ("Light, high contrast", "black on white, 7 to 1"),
}
"""What people read: a name, and a word about it."""
THEMES = (DARK, LIGHT, SAFE_DARK, SAFE_LIGHT, CONTRAST_DARK, CONTRAST_LIGHT)
BY_NAME = {theme.name: theme for theme in THEMES}


def following(name: str) -> Theme:
    """The theme after the one of that name."""
    names = [theme.name for theme in THEMES]
    return THEMES[(names.index(name) + 1) % len(THEMES)] if name in names else DARK
