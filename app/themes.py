"""The two themes of mcpdeck.

Owns colours. Text keeps a contrast of at least 4.5 to 1 on every background it stands on; a test
measures it.
"""

from __future__ import annotations

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

THEMES = (DARK, LIGHT)
