"""The fonts of this machine that pictures are written with, beside the one that comes along and knows only ASCII.

A font is looked for when the first picture is drawn, once. One that is not there, or cannot be read, costs nothing but
the letters that it has: no picture is worth a process that does not start.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import structlog
from PIL import ImageFont

from cards.lettering import Face, Font

# Chinese first, since those fonts have Latin letters too, then a wide one for accents, Greek and Cyrillic.
USUAL: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/source-han-sans/SourceHanSansSC-Regular.otf",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
)
# A file may hold several fonts, of which one is for simplified Chinese.
_MOST_IN_FILE: Final = 12
_SIMPLIFIED: Final = " SC"

log = structlog.get_logger(__name__)


@lru_cache(maxsize=8)
def faces(wanted: str = "", usual: Sequence[str] = USUAL) -> tuple[Face, ...]:
    """Return the fonts that there are, the file `wanted` (ONCARD_FONT) before the usual ones."""
    found = [_face(Path(wanted))] if wanted else []
    if wanted and found == [None]:
        log.warning("font_not_usable", path=wanted, mend="let ONCARD_FONT name a TrueType or OpenType file")
    found += [_face(Path(path)) for path in usual if Path(path).is_file()]
    return tuple(face for face in found if face is not None)


def _face(path: Path) -> Face | None:
    fonts = list(_fonts(path))
    if not fonts:
        return None
    index = next((index for index, name in fonts if name.endswith(_SIMPLIFIED)), 0)
    return lru_cache(maxsize=16)(partial(_load, path, index))


def _fonts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the fonts of a file, by their numbers in it and their names."""
    for index in range(_MOST_IN_FILE):
        try:
            yield index, _load(path, index, 16).getname()[0] or ""
        except OSError:
            return


def _load(path: Path, index: int, size: int) -> Font:
    return ImageFont.truetype(path, size, index)
