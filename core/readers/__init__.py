"""Reading files that libraries have, and telling which column is which.

A reader gives a :class:`SourceTable`: every column as text, as it came. A :class:`ColumnMapping` then says which of its
columns is the title, the date, the label; it is a suggestion with reasons that a person can correct.
"""

from core.readers.mapping import ColumnMapping, apply_overrides, suggest_mapping
from core.readers.reading import FORMATS, read_table
from core.readers.table import SourceTable

__all__ = ["FORMATS", "ColumnMapping", "SourceTable", "apply_overrides", "read_table", "suggest_mapping"]
