"""Every exception lowres raises on purpose, as one tree.

LowresError
├── DataError              the user's images or labels cannot be used
│   ├── DamagedImage       one or more files are not readable pictures
│   └── SplitError         the images cannot be split as asked
├── RecipeError            a recipe is unknown, or a field is
├── VerificationError      downloaded or given bytes are not the published ones
├── SourceUnavailable      nowhere left to get data or weights from
├── StudyError             the study folder cannot be used as it is
│   ├── StudyLocked        another process works on it
│   └── StudyDamaged       a file in it is not what the ledger says
├── DiskFull               the disk ran full while writing
├── NotWritable            a file or folder does not let lowres write it
├── PredictionsError       predictions that cannot be judged
├── TrainingError          training cannot start or go on
│   └── PreflightFailed    it was tried out in small and would learn nothing
├── RequestRefused         a request to the server cannot be answered as it is
│   ├── NotServed          it asks for a model, version or page that is not there
│   ├── NotAllowed         it does not carry the token it needs
│   ├── RequestTooLarge    it holds more bytes, pixels or pictures than the server takes
│   ├── RequestTooSlow     its body did not arrive in time
│   ├── ServerBusy         more is asked at once than the server takes
│   └── AnswerTooSlow      its answer was not there in time
├── StoreError             the store of served predictions cannot be used as it is, or as asked
│   └── StoreUnavailable   the database takes nothing just now: gone, full, or locked
├── NotebookError          a notebook cannot be written, or one of its cells failed
├── ExportError            a study cannot be exported as asked
│   └── ParityFailed       an export does not say what its study says
├── DocumentError          a text to be checked cannot be read, or claims nothing
└── MissingDependency      an optional package is needed for this

Each message says what was expected, what was found, where, and what to do.
"""


class LowresError(Exception):
    """Anything that went wrong in a way lowres can explain; the command line prints it and exits with 2."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of the traceback (IPython asks for it by this name)."""
        return [f"{type(self).__name__}: {self}"]


class DataError(LowresError):
    """The user's images or labels cannot be used as they are."""


class DamagedImage(DataError):
    """One or more files are not readable pictures."""


class SplitError(DataError):
    """The images cannot be split as asked."""


class RecipeError(LowresError):
    """A recipe, or a field of one, is unknown or out of range."""


class VerificationError(LowresError):
    """Bytes that were downloaded or given are not the published ones."""


class SourceUnavailable(LowresError):
    """Every place that could hold the data or weights was tried."""


class StudyError(LowresError):
    """The study folder cannot be used as it is."""


class StudyLocked(StudyError):
    """Another process works on the study."""


class StudyDamaged(StudyError):
    """A file in the study is not what the ledger says."""


class DiskFull(LowresError):
    """The disk ran full while writing."""


class NotWritable(LowresError):
    """A file or folder does not let lowres write it."""


class PredictionsError(LowresError):
    """Predictions that cannot be judged: shapes, ids or labels do not fit together."""


class TrainingError(LowresError):
    """Training cannot start or go on."""


class PreflightFailed(TrainingError):
    """A training was tried out in small, and checks failed that it would not survive."""


class RequestRefused(LowresError):
    """A request to the server cannot be answered as it is."""


class NotServed(RequestRefused):
    """A request asks for a model, a version or a page that is not there."""


class NotAllowed(RequestRefused):
    """A request does not carry the token it needs."""

    challenge = "Bearer"


class RequestTooLarge(RequestRefused):
    """A request holds more bytes, pixels or pictures than the server takes."""


class RequestTooSlow(RequestRefused):
    """The body of a request did not arrive in time."""


class ServerBusy(RequestRefused):
    """More is asked at once than the server takes; the same request will do in `retry_seconds`."""

    def __init__(self, message: str, retry_seconds: int = 1) -> None:
        """Say what is too much, and when to come again."""
        super().__init__(message)
        self.retry_seconds = retry_seconds


class AnswerTooSlow(RequestRefused):
    """The answer to a request was not there in time."""


class StoreError(LowresError):
    """The store of served predictions cannot be used as it is, or does not do as asked."""


class StoreUnavailable(StoreError):
    """The database of served predictions takes nothing just now: it is gone, full or locked."""


class NotebookError(LowresError):
    """A notebook cannot be written, or one of its cells failed."""


class ExportError(LowresError):
    """A study cannot be exported as asked."""


class ParityFailed(ExportError):
    """An export does not say what its study says; it was not kept."""


class DocumentError(LowresError):
    """A text to be held against a study cannot be read, or makes no claim about it."""


class MissingDependency(LowresError):
    """An optional package is needed for what was asked."""
