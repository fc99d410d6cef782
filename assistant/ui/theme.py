"""The page's colours and type: quiet, system fonts only, nothing fetched from anywhere."""

from pathlib import Path

import gradio as gr
from gradio.themes.utils import colors, sizes

from assistant.report import REPORT_CSS

FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "sans-serif",
)
MONOSPACE = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace")
# the report's palette (assistant/report.css), so that a downloaded report looks like the page it came from
BLUE = colors.Color(
    "#f2f5ff",
    "#e3e9ff",
    "#c8d3ff",
    "#a9bbff",
    "#8aa4ff",
    "#5b7cfa",
    "#3457d5",
    "#2a46ad",
    "#223a8c",
    "#1d316f",
    "#14214a",
)
SLATE = colors.Color(
    "#f8f9fb",
    "#f1f3f7",
    "#e3e7ee",
    "#d0d6e0",
    "#a3acbd",
    "#7d8695",
    "#5b6475",
    "#434b5a",
    "#2a303c",
    "#1d212b",
    "#14171e",
)
_HERE = Path(__file__).parent
_LOOK = {
    "body_background_fill": "white",
    "body_background_fill_dark": "*neutral_950",
    "body_text_color": "#1d2433",
    "body_text_color_dark": "#e6e9f0",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_400",
    "background_fill_primary_dark": "*neutral_950",
    "background_fill_secondary_dark": "*neutral_900",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_padding": "0px",
    "block_label_background_fill": "transparent",
    "block_label_background_fill_dark": "transparent",
    "block_title_text_weight": "600",
    "block_title_text_size": "*text_sm",
    "block_info_text_color": "*neutral_500",
    "block_info_text_color_dark": "*neutral_400",
    "input_background_fill": "white",
    "input_background_fill_dark": "*neutral_900",
    "input_border_width": "1px",
    "input_border_color": "*neutral_300",
    "input_border_color_dark": "*neutral_700",
    "input_border_color_focus": "*primary_500",
    "input_border_color_focus_dark": "*primary_400",
    "input_placeholder_color": "*neutral_500",
    "input_placeholder_color_dark": "*neutral_500",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "*neutral_800",
    "layout_gap": "20px",
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_dark": "*primary_600",
    "button_primary_background_fill_hover_dark": "*primary_500",
    "button_primary_text_color": "white",
    "button_secondary_background_fill": "*neutral_100",
    "button_secondary_background_fill_hover": "*neutral_200",
    "button_secondary_background_fill_dark": "*neutral_800",
    "button_secondary_background_fill_hover_dark": "*neutral_700",
    "button_border_width": "0px",
    "checkbox_label_background_fill": "*neutral_50",
    "checkbox_label_background_fill_hover": "*neutral_100",
    "checkbox_label_background_fill_selected": "*primary_50",
    "checkbox_label_background_fill_dark": "*neutral_900",
    "checkbox_label_background_fill_hover_dark": "*neutral_800",
    "checkbox_label_background_fill_selected_dark": "*neutral_800",
    "checkbox_label_border_width": "1px",
    "checkbox_label_border_color": "*neutral_200",
    "checkbox_label_border_color_dark": "*neutral_800",
    "slider_color": "*primary_600",
}


def theme() -> gr.themes.Base:
    """Return the theme, for light and dark."""
    made = gr.themes.Base(
        primary_hue=BLUE,
        secondary_hue=BLUE,
        neutral_hue=SLATE,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_md,
        text_size=sizes.text_md,
        font=FONTS,
        font_mono=MONOSPACE,
    )
    return made.set(**_LOOK)


def css() -> str:
    """Return the page's style sheet, the report's first."""
    return REPORT_CSS + (_HERE / "style.css").read_text(encoding="utf-8")


def head() -> str:
    """Return the page's script for its head."""
    return f"<script>{(_HERE / 'page.js').read_text(encoding='utf-8')}</script>"
