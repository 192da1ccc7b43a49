# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG, readable on light and dark pages: wall time and memory, side by side."""

from html import escape

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 380, 260, 56, 56, 44
STYLE = """<style>
text { font: 12px sans-serif; fill: #24292f } .title { font-weight: bold }
line { stroke: #d0d7de } .a { stroke: #0969da; fill: #0969da } .b { stroke: #9a6700; fill: #9a6700 }
polyline { fill: none !important; stroke-width: 2 } circle { stroke: none }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } line { stroke: #484f58 }
.a { stroke: #58a6ff; fill: #58a6ff } .b { stroke: #d29922; fill: #d29922 } }
</style>"""


def ceiling(value):
    """The next round number above: where the axis ends."""
    power = 10 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10, 20) if step * power >= value)


def panel(curve, measure, title, x):
    """One diagram. The points of the axis have equal distances."""
    names = list(curve["contestants"])
    values = {name: [point and point[measure]["median"] for point in curve["contestants"][name]]
              for name in names}
    top = ceiling(max(value for line in values.values() for value in line if value is not None))
    count, height, width = len(curve["points"]), HEIGHT - TOP - BOTTOM, WIDTH - LEFT - 20

    def place(index, value):
        return (x + LEFT + width * (index + 0.5) / count, HEIGHT - BOTTOM - height * value / top)

    parts = [f'<text class="title" x="{x + LEFT}" y="36">{escape(title)}</text>']
    for quarter in range(5):
        y = HEIGHT - BOTTOM - height * quarter / 4
        parts.append(f'<line x1="{x + LEFT}" x2="{x + LEFT + width}" y1="{y:.1f}" y2="{y:.1f}"/>'
                     f'<text x="{x + LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                     f'{top * quarter / 4:g}</text>')
    for index, label in enumerate(curve["points"]):
        at = place(index, 0)
        parts.append(f'<text x="{at[0]:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                     f'{escape(label)}</text>')
    parts.append(f'<text x="{x + LEFT + width / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">'
                 f'{escape(curve["axis"])}</text>')
    for name, kind in zip(names, "ab"):
        at = [place(index, value) for index, value in enumerate(values[name]) if value is not None]
        dots = "".join(f'<circle class="{kind}" cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>' for a, b in at)
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in at)
        parts.append(f'<polyline class="{kind}" points="{line}"/>{dots}')
    return "".join(parts)


def plot(curve):
    legend = "".join(
        f'<circle class="{kind}" cx="{LEFT + 8 + 160 * index}" cy="14" r="4"/>'
        f'<text x="{LEFT + 18 + 160 * index}" y="18">{escape(name)}</text>'
        for index, (name, kind) in enumerate(zip(curve["contestants"], "ab")))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" '
            f'width="{2 * WIDTH}" height="{HEIGHT}">{STYLE}<title>{escape(curve["title"])}</title>'
            f'{legend}{panel(curve, "seconds", "Wall time, s", 0)}'
            f'{panel(curve, "peak_mib", "Peak memory, MiB", WIDTH)}</svg>\n')
