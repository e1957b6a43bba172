"""What can be wrong with a file or a row, in words that a partner's clerk understands."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputRefusedError


@dataclass(frozen=True, slots=True)
class Finding:
    """One refused row, or one refused message (`is_message`; `column_name` then says where in it).

    `row_no` counts records of the file from 1, `line_no` physical lines of a text file.
    """

    row_no: int
    line_no: int | None
    column_name: str | None
    error_code: str
    found: str | None
    expected: str
    raw_text: str
    is_message: bool = False

    @property
    def message(self) -> str:
        """Where, what was found, what was expected, what to do next."""
        if self.is_message:
            place, column = (self.column_name or "message").capitalize(), ""
        else:
            place = f"Line {self.line_no}" if self.line_no else f"Record {self.row_no}"
            column = f", column {self.column_name}" if self.column_name else ""
        found = "nothing" if self.found is None else f"'{self.found}'"
        return f"{place}{column}: found {found}, expected {self.expected}. Correct it and send the file again."


def refuse(code: str, file_name: str, *, found: str, expected: str, next_step: str) -> InputRefusedError:
    """The whole file cannot be taken."""
    return InputRefusedError(code, where=f"file {file_name}", found=found, expected=expected, next_step=next_step)
