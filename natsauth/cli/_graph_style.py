"""How a picture in SVG looks: fonts, and the colours by light and in the dark.

The colours stand in each rule, since not every program that shows SVG knows variables.
"""

from __future__ import annotations

from string import Template

_LIGHT = {
    "page": "#f5f6f8", "panel": "#ffffff", "frame": "#c4cbd6", "line": "#e3e7ee", "ink": "#1a2230",
    "soft": "#5a6577", "head": "#eef1f6", "fine": "#0a7a45", "soon": "#a86400", "bad": "#c02a20",
    "never": "#66758c", "strange": "#8a2f8f", "service": "#1f5fd6", "stream": "#0b7d8c",
}  # fmt: skip
_DARK = {
    "page": "#10141b", "panel": "#181d26", "frame": "#414b5c", "line": "#2a313d", "ink": "#e6eaf1",
    "soft": "#9aa5b6", "head": "#1f2630", "fine": "#5fd699", "soon": "#ffc65c", "bad": "#ff8f85",
    "never": "#8b99ae", "strange": "#e6a7ea", "service": "#7db0ff", "stream": "#5cd0de",
}  # fmt: skip
_COLOURS = Template("""\
.page{fill:$page}.card{fill:$panel;stroke:$frame}.head{fill:$head}.rule{stroke:$line}
text{fill:$ink}.soft,.label{fill:$soft}
.never{fill:$never}.fine{fill:$fine}.soon{fill:$soon}.expired,.revoked{fill:$bad}
.refused,.unreadable{fill:$strange}
.arrow{stroke:$service}.arrow.stream{stroke:$stream}.arrow.broken{stroke:$bad}
.tip{fill:$service}.tip.stream{fill:$stream}.tip.broken{fill:$bad}
.badge{fill:$soft}.badge+text{fill:$panel}
""")
_STYLE = """\
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
unicode-bidi:isolate}
.mono{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.title{font-size:21px;font-weight:650}.name{font-size:15px;font-weight:650}.role{font-weight:600}
.label{font-size:10.5px;font-weight:600;letter-spacing:.06em}.small{font-size:11.5px}
.end{text-anchor:end}.middle{text-anchor:middle}.gone{text-decoration:line-through}
.card{stroke-width:1}.elsewhere .card,.aside .card{stroke-dasharray:5 4}
.arrow{fill:none;stroke-width:1.8;stroke-linejoin:round}.arrow.private{stroke-dasharray:6 4}
.many .arrow{stroke-width:1.2;opacity:.45}
.link:hover .arrow{stroke-width:3.5;opacity:1}
"""


def style() -> str:
    """Return the style sheet."""
    light, dark = map(_COLOURS.substitute, (_LIGHT, _DARK))
    return f"{_STYLE}{light}@media (prefers-color-scheme:dark){{{dark}}}"
