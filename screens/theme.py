"""The colours, once. The stylesheet speaks of them by their names only.

Texts of every colour stand on every background here, the bar of the highlighted row included, with a contrast
of at least 4.5 to 1: tests/screens/test_contrast.py looks at what is rendered.
"""

from textual.theme import Theme

WIZARD_THEME = Theme(
    name="wizard",
    primary="#4FA6D8",
    secondary="#7C8DB5",
    accent="#8FD3C8",
    success="#7BC47F",
    warning="#E2B86B",
    error="#E5786D",
    foreground="#DCE3EC",
    background="#12161D",
    surface="#181E27",
    panel="#202834",
    dark=True,
    variables={
        "footer-key-foreground": "#8FD3C8",
        "input-selection-background": "#1A425B",
        "input-selection-foreground": "#DCE3EC",
        "block-cursor-foreground": "#DCE3EC",
        "block-cursor-background": "#1A425B",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-foreground": "#DCE3EC",
        "block-cursor-blurred-background": "#1A3347",
        "block-cursor-blurred-text-style": "bold",
        "block-hover-background": "#202834",
        "text-muted": "#A2AEC1",
        "text-disabled": "#A2AEC1",
    },
)
