"""Why a delivered file cannot be loaded as a whole, in words that say what to do.

Belongs here: the named errors. Does not belong here: faults of single rows, which end as rows.
"""

from __future__ import annotations


class DeliveryError(ValueError):
    """A file cannot be loaded. Messages hold names of files and columns, never values.

    Args:
        file: The file, relative to the landing folder.
        problem: What is wrong.
        advice: What to do.
        line: Line of the file, from 1, where known.
        column: Column of the file, where known.
    """

    name = "delivery_error"

    def __init__(
        self, file: str, problem: str, advice: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        self.file = file
        self.problem = problem
        self.advice = advice
        self.line = line
        self.column = column
        place = file
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(f"{self.name}: {place}: {problem}. {advice}.")


class EmptyFileError(DeliveryError):
    """The file has nothing in it, or a snapshot has no rows."""

    name = "empty_file"


class MissingColumnError(DeliveryError):
    """A column that the contract requires is not in the file."""

    name = "missing_column"


class WrongDelimiterError(DeliveryError):
    """The header does not split into columns at the contract's delimiter."""

    name = "wrong_delimiter"


class WrongEncodingError(DeliveryError):
    """The bytes are not in the encoding that the contract names."""

    name = "wrong_encoding"


class TruncatedFileError(DeliveryError):
    """A compressed file ends too early or is damaged."""

    name = "truncated_file"


class ZipBombError(DeliveryError):
    """A compressed file holds far more than any export of its size could."""

    name = "zip_bomb"


class WrongFormatError(DeliveryError):
    """The content is not of the format that the contract names."""

    name = "wrong_format"


class SchemaDriftError(DeliveryError):
    """A frozen contract does not fit the file."""

    name = "schema_drift"


class FetchError(DeliveryError):
    """A stream could not be fetched from its database, API or store."""

    name = "fetch_failed"


class UnsafePathError(DeliveryError):
    """The file lies outside the landing folder."""

    name = "unsafe_path"


class ChangedWhileReadingError(DeliveryError):
    """Someone wrote to the file while it was read."""

    name = "changed_while_reading"


class LostDeliveryError(DeliveryError):
    """The rows of a delivery are in no place that a warehouse can be filled from."""

    name = "lost_delivery"
