"""Draw the icon: `python tools/icons.py` writes `pwa/public/icons/`.

Seven seats in a ring, one drawn back by 42 %: the presenter, who sits back. One colour
only, because amber means "not sent". Run it by hand when the drawing changes.
"""

import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.chromium import chromium  # noqa: E402 - the checkout is on the path only now

ICONS = ROOT / "pwa" / "public" / "icons"
TEAL, PAPER = "#0b5a60", "#faf6ef"
SEATS, DRAWN_BACK, BY = 7, 1, 1.42
# Parts of the icon's width.
RING, SEAT, CORNER = 0.235, 0.072, 0.22
# A launcher may cut a maskable icon to a disc of 0.8: the seats keep inside it.
MASKED = 0.92


def drawing(corner: float = CORNER, scale: float = 1) -> str:
    """The icon as SVG, 192 wide; `corner` 0 leaves the shape to the launcher."""
    seats = []
    for seat in range(SEATS):
        radius = RING * scale * (BY if seat == DRAWN_BACK else 1)
        angle = 2 * math.pi * seat / SEATS
        x = 192 * (0.5 + radius * math.sin(angle))
        y = 192 * (0.5 - radius * math.cos(angle))
        seats.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{192 * SEAT * scale:.1f}"/>'
        )
    field = f'<rect width="192" height="192" rx="{192 * corner:.0f}" fill="{TEAL}"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 192 192">\n'
        f'{field}\n<g fill="{PAPER}">\n' + "\n".join(seats) + "\n</g>\n</svg>\n"
    )


def main() -> None:
    whole, square = drawing(), drawing(corner=0, scale=MASKED)
    ICONS.mkdir(parents=True, exist_ok=True)
    (ICONS / "icon.svg").write_text(whole)
    with chromium() as browser:
        for name, size, svg in (
            ("icon-192", 192, whole),
            ("icon-512", 512, whole),
            ("maskable-512", 512, square),
            ("apple-touch-180", 180, drawing(corner=0)),
        ):
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>body{{margin:0}}svg{{display:block}}</style>{svg}"
            )
            file = ICONS / f"{name}.png"
            page.screenshot(path=file, omit_background=True)
            page.close()
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
