"""Revision 0002: what people say of records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "labels",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("record", _NUMBER, sa.ForeignKey("records.number"), nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("class_name", sa.Text),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_labels_record", "labels", ["record"])
