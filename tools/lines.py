"""Count the lines of the two small rooms, and warn when one grows too large.

The protocol and the server are meant to be read whole in an evening. What only uses
the protocol (client, its store, the command line), what is generated (migrations) and
what shows the product (the demo) is not counted.
"""

import ast
import sys
from pathlib import Path

LINES_MAX = 1_700
ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {
    "sync": (  # the client, its desk and its commands; vectors
        "client.py",
        "outbox.py",
        "replica.py",
        "store.py",
        "http.py",
        "verify.py",
        "desk",
        "cli",
        "home.py",
        "declined.py",
        "programme_import.py",
        "spreadsheet.py",
        "vectors",
    ),
    "server": ("migrations", "demo", "demo.py"),
}


def lines_of(room: str) -> tuple[int, int]:
    """Return all lines of a room's Python files, and how many of them are code."""
    total = code = 0
    for file in sorted((ROOT / room).rglob("*.py")):
        if file.relative_to(ROOT / room).parts[0] in OUTSIDE[room]:
            continue
        text = file.read_text(encoding="utf-8")
        total += len(text.splitlines())
        code += lines_of_code(text)
    return total, code


def lines_of_code(text: str) -> int:
    """Count what is neither blank nor a comment nor a docstring."""
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in prose
        for number, line in enumerate(text.splitlines(), start=1)
    )


def main() -> None:
    for room, outside in OUTSIDE.items():
        total, code = lines_of(room)
        print(f"{room:7}{total:6,} lines ({code:,} of code), without", end=" ")
        print(", ".join(outside))
        if total > LINES_MAX:
            print(
                f"Warning: {room} is above {LINES_MAX:,} lines. What could go?",
                file=sys.stderr,
            )


if __name__ == "__main__":
    main()
