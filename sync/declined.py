"""The error of desk and command line: what was asked cannot be done."""

from __future__ import annotations

from sync.errors import AfterUser


class Declined(AfterUser):
    """Nothing was written; ``detail`` says in words why, and what would help."""

    code = "declined"

    def __init__(self, detail: str) -> None:
        super().__init__(detail=detail)
