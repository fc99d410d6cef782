"""Scores as pictures: plain SVG and HTML for documents, plotly figures for the page."""

import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.history import Attempt
from assistant.markup import escape
from assistant.question import Bilingual, Lang
from assistant.report_words import say

AXES_NEEDED = 3  # a radar of fewer axes is a line
AXES_NAMED = 8  # the names of more axes would cover each other
RADIUS = 112
WIDTH, HEIGHT = 440, 380
INK = "#7d8695"  # readable on white and on black alike
LINE = "rgba(125, 134, 149, 0.35)"
SCALE = {"range": [0, 100], "gridcolor": LINE, "linecolor": LINE, "tickvals": [0, 25, 50, 75, 100]}
ACCENT = "#5b7cfa"
ROLLING = 10  # attempts in the running mean
_UNIT = re.compile(
    r"[!-,.-~]*-|[!-,.-~]+\s*|\s+|[^!-~\s]\s*"
)  # a Western word (or its part up to a hyphen), or one Chinese character: a line may end after it


def wrapped(title: str, width: int = 13) -> list[str]:
    """Break a topic's title into lines of about `width` letters, a Chinese character counting as two."""
    lines = [""]
    for unit in _UNIT.findall(title):
        if lines[-1] and _width(lines[-1] + unit.rstrip()) > width:
            lines.append("")
        lines[-1] += unit
    return [line.strip() for line in lines]


def _width(text: str) -> int:
    return sum(1 if char.isascii() else 2 for char in text)


def scores_markup(scores: Sequence[tuple[str, int]], label: str) -> str:
    """Return (title, score 0 to 100) pairs as an SVG radar; too few become bars, many get bars beside it."""
    if len(scores) < AXES_NEEDED:
        return _bars(scores)
    if len(scores) <= AXES_NAMED:
        return _radar(scores, label)
    numbered = [(f"{number}. {title}", score) for number, (title, score) in enumerate(scores, start=1)]
    return _radar([(str(number), score) for number, (_, score) in enumerate(scores, start=1)], label) + _bars(numbered)


def _bars(scores: Sequence[tuple[str, int]]) -> str:
    rows = "".join(
        f'<li><span>{escape(title)}</span><div class="ia-bar"><i style="width:{score}%"></i></div><b>{score}</b></li>'
        for title, score in scores
    )
    return f'<ul class="ia-bars">{rows}</ul>'


def _point(axis: int, axes: int, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * axis / axes - math.pi / 2
    return WIDTH / 2 + radius * math.cos(angle), HEIGHT / 2 + radius * math.sin(angle)


def _polygon(radii: Sequence[float], name: str) -> str:
    places = (_point(axis, len(radii), radius) for axis, radius in enumerate(radii))
    return f'<polygon class="{name}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _label(axis: int, axes: int, title: str, score: int) -> str:
    x, y = _point(axis, axes, RADIUS + 12)
    middle = abs(x - WIDTH / 2) < 12  # noqa: PLR2004 - straight above or below, where there is room for longer lines
    anchor = "middle" if middle else "start" if x > WIDTH / 2 else "end"
    lines = [*wrapped(title, 26 if middle else 13), str(score)]
    height = (HEIGHT / 2 + RADIUS + 12 - y) / (2 * (RADIUS + 12))  # 1 at the top, where the text stands on its place
    top = y - 16 * (len(lines) - 1) * height
    spans = "".join(
        f'<tspan class="{"ia-value" if row == len(lines) - 1 else "ia-name"}" x="{x:.1f}" y="{top + 16 * row + 4:.1f}">'
        f"{escape(line)}</tspan>"
        for row, line in enumerate(lines)
    )
    return f'<text text-anchor="{anchor}">{spans}</text>'


def _radar(scores: Sequence[tuple[str, int]], label: str) -> str:
    axes = len(scores)
    rings = "".join(_polygon([RADIUS * share / 4] * axes, "ia-grid") for share in (1, 2, 3, 4))
    centre = f"M{WIDTH / 2:.1f},{HEIGHT / 2:.1f}L"
    spokes = "".join(f"{centre}{x:.1f},{y:.1f}" for x, y in (_point(axis, axes, RADIUS) for axis in range(axes)))
    radii = [RADIUS * score / 100 for _, score in scores]
    dots = "".join(
        f'<circle class="ia-dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
        for x, y in (_point(axis, axes, radius) for axis, radius in enumerate(radii))
    )
    labels = "".join(_label(axis, axes, title, score) for axis, (title, score) in enumerate(scores))
    spoken = escape(f"{label}: " + ", ".join(f"{title} {score}" for title, score in scores))
    return (
        f'<svg class="ia-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{spoken}">{rings}'
        f'<path class="ia-grid" d="{spokes}"/>{_polygon(radii, "ia-area")}{dots}{labels}</svg>'
    )


def _layout(**more: Any) -> dict[str, Any]:
    clear = "rgba(0,0,0,0)"
    font = {"color": INK, "size": 13}
    return {"paper_bgcolor": clear, "plot_bgcolor": clear, "font": font, "showlegend": False, "height": 400, **more}


def radar_figure(scores_by_topic: Mapping[str, float], lang: Lang, titles: Mapping[str, Bilingual]) -> Any:
    """Return a plotly Figure of mean scores (0 to 100) by topic: a radar, or bars for very few or many topics."""
    import plotly.graph_objects as go

    names = [titles[topic].in_lang(lang) if topic in titles else topic for topic in scores_by_topic]
    radar = AXES_NEEDED <= len(names) <= AXES_NAMED
    labels = ["<br>".join(html.escape(line) for line in wrapped(name, 13 if radar else 22)) for name in names]
    values = [round(value) for value in scores_by_topic.values()]
    texts = [f"{html.escape(name)}: {value}" for name, value in zip(names, values, strict=True)]
    if not radar:
        return _bar_figure(values, labels, texts)
    closed = go.Scatterpolar(
        r=[*values, values[0]],
        theta=[*labels, labels[0]],
        text=[*texts, texts[0]],
        hovertemplate="%{text}<extra></extra>",
        fill="toself",
        mode="lines+markers",
        line={"color": ACCENT},
        fillcolor="rgba(91, 124, 250, 0.25)",
    )
    polar = {
        "bgcolor": "rgba(0,0,0,0)",
        "radialaxis": {**SCALE, "angle": 90, "tickangle": 90, "tickfont": {"size": 10}},
        "angularaxis": {"direction": "clockwise", "rotation": 90, "gridcolor": LINE, "linecolor": LINE},
    }
    return go.Figure(closed, _layout(polar=polar, margin={"l": 100, "r": 100, "t": 50, "b": 50}))


def _bar_figure(values: Sequence[int], labels: Sequence[str], texts: Sequence[str]) -> Any:
    import plotly.graph_objects as go

    bars = go.Bar(
        x=values,
        y=labels,
        orientation="h",
        text=values,
        textposition="outside",
        cliponaxis=False,
        hovertext=texts,
        hoverinfo="text",
        marker={"color": ACCENT, "line": {"width": 0}},
    )
    layout = _layout(
        xaxis={**SCALE, "range": [0, 108], "zeroline": False},
        yaxis={"automargin": True, "autorange": "reversed", "ticksuffix": " "},
        margin={"l": 20, "r": 20, "t": 20, "b": 40},
        height=90 + 45 * len(labels),
    )
    return go.Figure(bars, layout)


def score_over_time_figure(attempts: Sequence[Attempt], lang: Lang) -> Any:
    """Return a plotly Figure of attempts (any order) in the order of time, with the mean of the last ten."""
    import plotly.graph_objects as go

    ordered = sorted(attempts, key=lambda attempt: attempt.at)
    scores = [attempt.grade.score for attempt in ordered]
    numbers = list(range(1, len(scores) + 1))
    means = [sum(part) / len(part) for part in (scores[max(0, n - ROLLING) : n] for n in numbers)]
    hover = [
        f"{attempt.at:%Y-%m-%d %H:%M} UTC<br>{html.escape(attempt.question)}: {attempt.grade.score}"
        for attempt in ordered
    ]
    dots = go.Scatter(
        x=numbers, y=scores, mode="markers", name=say("score", lang), text=hover, hoverinfo="text", marker_color=INK
    )
    mean = go.Scatter(
        x=numbers, y=means, mode="lines", name=say("mean_of_ten", lang), line={"color": ACCENT, "width": 3}
    )
    layout = _layout(
        xaxis={"title": say("attempt", lang), "gridcolor": LINE, "zeroline": False, "rangemode": "tozero"},
        yaxis={"title": say("score", lang), "range": [-3, 103], "gridcolor": LINE, "zeroline": False},
        margin={"l": 60, "r": 20, "t": 40, "b": 50},
        showlegend=bool(ordered),
        legend={"orientation": "h", "y": 1.12},
        height=340,
    )
    figure = go.Figure([dots, mean], layout)
    if not ordered:
        figure.add_annotation(text=say("no_attempts", lang), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    return figure
