"""The page's theme: Gradio's own parts take our colours, so that a menu of theirs looks like one of ours.

Everything refers to the CSS variables of `assets/app/tokens.css`, which the picture's colours replace. Fonts are the system's: none is
fetched.
"""

from __future__ import annotations

from gradio.themes import Base
from gradio.themes.utils import colors, sizes

__all__ = ["FONTS", "page_theme"]

FONTS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")
_SAME = {
    "body_background_fill": "var(--paper)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--soft)",
    "background_fill_primary": "var(--card)",
    "background_fill_secondary": "var(--paper)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "color_accent_soft": "var(--tint)",
    "block_background_fill": "var(--card)",
    "block_border_color": "var(--line)",
    "block_label_background_fill": "var(--card)",
    "block_label_text_color": "var(--soft)",
    "block_title_text_color": "var(--ink)",
    "block_info_text_color": "var(--soft)",
    "panel_background_fill": "var(--card)",
    "panel_border_color": "var(--line)",
    "input_background_fill": "var(--card)",
    "input_background_fill_focus": "var(--card)",
    "input_border_color": "var(--line)",
    "input_border_color_focus": "var(--accent)",
    "input_placeholder_color": "var(--soft)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent)",
    "button_primary_text_color": "var(--on-accent)",
    "button_secondary_background_fill": "var(--card)",
    "button_secondary_background_fill_hover": "var(--tint)",
    "button_secondary_border_color": "var(--line)",
    "button_secondary_text_color": "var(--ink)",
    "table_even_background_fill": "var(--card)",
    "table_odd_background_fill": "var(--card)",
    "table_border_color": "var(--line)",
    "link_text_color": "var(--accent)",
    "link_text_color_hover": "var(--accent)",
    "link_text_color_visited": "var(--accent)",
    "link_text_color_active": "var(--accent)",
    "code_background_fill": "var(--tint)",
    "loader_color": "var(--accent)",
    "slider_color": "var(--accent)",
    "checkbox_background_color_selected": "var(--accent)",
    "checkbox_label_background_fill": "var(--card)",
    "checkbox_label_background_fill_selected": "var(--tint)",
    "checkbox_label_text_color_selected": "var(--ink)",
}
"""Gradio's variable and ours; the light and the dark page differ in what ours hold."""


def page_theme() -> Base:
    """The theme of the whole page."""
    theme = Base(
        primary_hue=colors.slate, neutral_hue=colors.slate, radius_size=sizes.radius_lg, font=list(FONTS), font_mono=list(_MONO)
    )
    known = vars(theme)
    both = {f"{name}{end}": value for name, value in _SAME.items() for end in ("", "_dark") if f"{name}{end}" in known}
    theme.set(**both, block_shadow="none", block_shadow_dark="none", input_shadow="none", input_shadow_focus="none")
    return theme
