"""The tables of the store, as the newest revision has them.

models      one row a version that was served: name, version, identity, class names, review threshold
records     one row a prediction: everything that is counted, narrow, so that a million are read in seconds
embeddings  of a record, float16, little endian, as one BLOB; in a table of its own, which sums never touch
pictures    of a record whose picture is kept, as PNG of the pixels the network was shown, until the retention ends
labels      what people said of a record; rows are added and never changed, a reviewer's last one stands
losses      how many predictions were not recorded, when and why

Times are whole microseconds since 1970 in UTC, the same numbers in both databases. probabilities: float32, little
endian, one a class. sha256: 32 bytes. A later revision is a file in `migrations/versions`, and REVISION its name.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    REAL,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from lowres.values.monitoring.image_statistics import STATISTICS

REVISION = "0002"
LONGEST_CALLER_ID = 100
# SQLite counts rows by itself only where the type is INTEGER to the letter.
Number = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

models = Table(
    "models",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("identity", Text, nullable=False),
    Column("class_names", JSON, nullable=False),
    Column("review_threshold", Double),
    UniqueConstraint("name", "version", "identity", name="models_once"),
)

records = Table(
    "records",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("model", Integer, ForeignKey("models.key"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("predicted", SmallInteger, nullable=False),
    Column("confidence", REAL, nullable=False),
    Column("entropy", REAL, nullable=False),
    Column("probabilities", LargeBinary, nullable=False),
    Column("seconds", REAL),
    Column("needs_review", Boolean),
    Column("caller_id", String(LONGEST_CALLER_ID), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    *(Column(name, REAL, nullable=False) for name in STATISTICS),
    Index("records_by_model_and_time", "model", "at"),
    # A number that was deleted is never given again: who follows the numbers would miss what came after.
    sqlite_autoincrement=True,
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("record", Number, ForeignKey("records.number"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

pictures = Table(
    "pictures",
    metadata,
    Column("record", Number, ForeignKey("records.number"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("png", LargeBinary, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("record", Number, ForeignKey("records.number"), nullable=False, index=True),
    Column("reviewer", Text, nullable=False),
    Column("class_name", Text),
    Column("is_withdrawn", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

losses = Table(
    "losses",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
