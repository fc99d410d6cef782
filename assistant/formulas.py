"""LaTeX between dollars as MathML, which every browser draws by itself, in the page and in a saved report."""

import html
import logging
import re
from functools import lru_cache

log = logging.getLogger(__name__)

# pandoc's rule: no white space inside the dollars, no digit after them, so that "$5 and $6" is money
FORMULA = re.compile(r"\$(?!\s)([^$\n]{1,400}?)(?<!\s)\$(?!\d)")
# what a drawn formula may consist of: the converter hands \text{<script>} and \href through as they are
_ATTRIBUTES = (
    "xmlns|display|stretchy|mathvariant|accent|movablelimits|fence|form|separator|width|height|depth|linethickness|columnalign|"
    "columnspacing|rowspacing|displaystyle|scriptlevel|minsize|maxsize|lspace|rspace"
)
_SAFE = re.compile(rf'(?:[^<]|</?m[a-z]+(?: (?:{_ATTRIBUTES})="[^"<>]*")* ?/?>)*')
_SURROGATE = re.compile("[\ud800-\udfff]")


def formulas_html(text: str) -> str:
    """Return text for HTML content: escaped, each $formula$ as MathML; one that cannot be read stays as written."""
    pieces = FORMULA.split(_SURROGATE.sub("\ufffd", text))
    return "".join(_mathml(piece) if odd % 2 else html.escape(piece) for odd, piece in enumerate(pieces))


@lru_cache(maxsize=2000)
def _mathml(latex: str) -> str:
    # latex2mathml: plain Python, 3.81 converts every formula of the bank; the page would need 260 kB of script instead
    from latex2mathml.converter import convert

    try:
        drawn = str(convert(latex))
    except Exception as problem:  # it raises whatever its parser happens to run into
        log.info("The formula '%s' cannot be drawn (%s).", latex, type(problem).__name__)
        drawn = "<"
    return drawn if _SAFE.fullmatch(drawn) else html.escape(f"${latex}$")
