"""The few facts about the server as a whole."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import Model
from server.models.columns import Count


class ServerState(Model):
    """``inc``: the incarnation; ``restored_at``: when a backup was put back."""

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[Count]
