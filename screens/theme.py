"""The colours, once. The stylesheet speaks of them by their names only."""

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
        "input-selection-background": "#4FA6D8 35%",
        "block-cursor-text-style": "none",
        "text-muted": "#93A0B4",
    },
)
