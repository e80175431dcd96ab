"""The exception family: every error a person can cause or must know of.

ColophonError
├── InputError             a file, an argument or a mapping is wrong; nothing was changed
│   ├── UnreadableFileError    the file cannot serve as a table
│   ├── MappingError           the columns needed are missing or asked for twice
│   ├── ConflictError          somebody else was faster; nothing was changed
│   ├── NotFoundError          no corpus, label set, model … of that name in the workspace
│   └── StorageError           the workspace's database is damaged or cannot be used
├── ModelError             a model folder is incomplete, altered or of an unknown kind
├── FetchError             a download failed; what arrived is kept for resuming
├── JobError               long work failed, was killed or cannot be started
└── Cancelled              a person stopped the work

Core raises; the command line and ``dashboard/feedback.py`` each translate once. A message is one or two sentences:
what was found, where (file, line or column), what is allowed, what to do next. It never holds a traceback. Where the
next step has other words on a page than on the command line, an error carries both.
"""

import re
from typing import Final

__all__ = [
    "Cancelled",
    "ColophonError",
    "ConflictError",
    "FetchError",
    "InputError",
    "JobError",
    "MappingError",
    "ModelError",
    "NotFoundError",
    "StorageError",
    "UnreadableFileError",
]


# An absolute path of more than one folder; an address (https://…) is none.
_FOLDERS: Final = re.compile(r"(?<![\w:/.~])/(?:[^\s/'\",;]+/)+(?=[^\s/])")


class ColophonError(Exception):
    """The base of all errors that are meant to be read by a person.

    Parameters
    ----------
    message : str
        What is wrong and, where the words are the same everywhere, what to do.
    command_line : str
        What to do next in the words of the command line, such as an option; ``str(error)`` ends with it.
    page : str
        What to do next on a page, where nobody can type an option; '' where the page itself offers the way.
    """

    def __init__(self, message: str = "", *, command_line: str = "", page: str = "") -> None:
        super().__init__(" ".join(filter(None, (message, command_line))))
        self._message, self._page = message, page

    @property
    def on_page(self) -> str:
        """The message for a page: no option of the command line, and of a file on the server only its name.

        >>> InputError("/srv/files/a.csv holds no title.", command_line="Use --map.", page="Choose it below.").on_page
        'a.csv holds no title. Choose it below.'
        """
        return _FOLDERS.sub("", " ".join(filter(None, (self._message, self._page))))


class InputError(ColophonError):
    """A file or an argument is wrong. The command line exits with status 2."""


class UnreadableFileError(InputError):
    """The file cannot be read as a table at all."""


class MappingError(InputError):
    """A column that is needed cannot be found, or a mapping names a column that does not exist."""


class ConflictError(InputError):
    """What was to be changed has been changed by somebody else since it was looked at."""


class NotFoundError(InputError):
    """Nothing in the workspace has the name that was given."""


class StorageError(InputError):
    """The workspace's database is damaged, or cannot be opened, read or written."""


class ModelError(ColophonError):
    """A model folder is incomplete, altered since it was saved, or of an unknown kind."""


class FetchError(ColophonError):
    """A download could not be completed or its content is not what it was before."""


class JobError(ColophonError):
    """Long work failed, was interrupted, or cannot be started."""


class Cancelled(ColophonError):  # noqa: N818 - it is an answer to a wish, not a fault
    """A person asked for the work to stop, and it stopped."""
