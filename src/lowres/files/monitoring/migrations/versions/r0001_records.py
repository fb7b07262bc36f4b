"""Revision 0001: served predictions, their embeddings and pictures, and what was lost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATISTICS = ("width", "height", "brightness", "contrast", "sharpness", "saturation", "greyness", "clipped")
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "models",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("class_names", sa.JSON, nullable=False),
        sa.Column("review_threshold", sa.Double),
        sa.UniqueConstraint("name", "version", "identity", name="models_once"),
    )
    op.create_table(
        "records",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("model", sa.Integer, sa.ForeignKey("models.key"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("predicted", sa.SmallInteger, nullable=False),
        sa.Column("confidence", sa.REAL, nullable=False),
        sa.Column("entropy", sa.REAL, nullable=False),
        sa.Column("probabilities", sa.LargeBinary, nullable=False),
        sa.Column("seconds", sa.REAL),
        sa.Column("needs_review", sa.Boolean),
        sa.Column("caller_id", sa.String(100), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        *(sa.Column(name, sa.REAL, nullable=False) for name in _STATISTICS),
        sqlite_autoincrement=True,
    )
    op.create_index("records_by_model_and_time", "records", ["model", "at"])
    op.create_table(
        "embeddings",
        sa.Column("record", _NUMBER, sa.ForeignKey("records.number"), primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "pictures",
        sa.Column("record", _NUMBER, sa.ForeignKey("records.number"), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("png", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_pictures_at", "pictures", ["at"])
    op.create_table(
        "losses",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
