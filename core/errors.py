"""The exception family: every error a person can cause or must know of.

ColophonError
├── InputError             a file, an argument or a mapping is wrong; nothing was changed
│   ├── UnreadableFileError    the file cannot serve as a table
│   │   └── ChoiceNeededError      it can be read in several ways, of which a person has to choose one
│   ├── MappingError           the columns needed are missing or asked for twice
│   ├── ConflictError          somebody else was faster; nothing was changed
│   ├── NotFoundError          no corpus, label set, model … of that name in the workspace
│   ├── NameTakenError         another thing of the workspace has that name already
│   ├── DamagedError           a corpus, label set, model … lacks a file, or one is cut short or of another shape
│   ├── SignInError            what the server's file of secrets says of sign-in and roles cannot be understood
│   └── StorageError           the workspace or its database is damaged, full, not writable, or newer than this
│       └── NotAllowedError        this person's role does not allow it
├── ModelError             a model folder is incomplete, altered or of an unknown kind
├── FetchError             a download failed; what arrived is kept for resuming
├── JobError               long work failed, was killed or cannot be started
└── Cancelled              a person stopped the work

Core raises; the command line and ``dashboard/feedback.py`` each translate once. A message is one or two sentences:
what was found, where (file, line or column), what is allowed, what to do next. It never holds a traceback. Where the
next step has other words on a page than on the command line, an error carries both.
"""

import difflib
import errno
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = [
    "Cancelled",
    "Choice",
    "ChoiceNeededError",
    "ColophonError",
    "ConflictError",
    "DamagedError",
    "FetchError",
    "InputError",
    "JobError",
    "MappingError",
    "ModelError",
    "NameTakenError",
    "NotAllowedError",
    "NotFoundError",
    "SignInError",
    "StorageError",
    "UnreadableFileError",
    "describe_system_error",
    "did_you_mean",
    "unknown_name",
]


# An absolute path of more than one folder; an address (https://…) is none.
_FOLDERS: Final = re.compile(r"(?<![\w:/.~])/(?:[^\s/'\",;]+/)+(?=[^\s/])")


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return which of some words somebody may have meant, in brackets after a space; '' where none is near.

    >>> did_you_mean("titel", ["Title", "Place"]), did_you_mean("x", ["Title"])
    (" (did you mean 'Title'?)", '')
    """
    folded = {name.casefold(): name for name in words}
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.5)
    return f" (did you mean '{folded[near[0]]}'?)" if near else ""


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """Return the sentences that a name stands for nothing here, and which names do.

    >>> unknown_name("label set", "anotated", ["annotated", "rules"])
    "There is no label set called 'anotated' (did you mean 'annotated'?). There are: annotated, rules."
    """
    near = did_you_mean(name[:100], known)
    return f"There is no {what} called '{name[:100]}'{near}. There are: {', '.join(known) or 'none yet'}."


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


@dataclass(frozen=True)
class Choice:
    """One way in which something can be read.

    Attributes
    ----------
    value : str
        As it is handed back, such as the name of an encoding or of a sheet.
    label : str
        As people call it.
    sample : str
        What the file says when it is read so; '' where there is nothing to show.
    """

    value: str
    label: str
    sample: str = ""


class ChoiceNeededError(UnreadableFileError):
    """A file can be read in several ways, and only a person can say which is right; nothing was read.

    Parameters
    ----------
    message, command_line, page : str
        As for :class:`ColophonError`.
    option : {'encoding', 'sheet'}
        What has to be chosen.
    choices : sequence of Choice
        The likeliest first; there may be others.
    """

    def __init__(
        self,
        message: str,
        *,
        option: str = "encoding",
        choices: Sequence[Choice] = (),
        command_line: str = "",
        page: str = "",
    ) -> None:
        super().__init__(message, command_line=command_line, page=page)
        self.option, self.choices = option, tuple(choices)


class MappingError(InputError):
    """A column that is needed cannot be found, or a mapping names a column that does not exist."""


class ConflictError(InputError):
    """What was to be changed has been changed by somebody else since it was looked at."""


class NotFoundError(InputError):
    """Nothing in the workspace has the name that was given."""


class NameTakenError(InputError):
    """Another thing of the workspace has the name that was asked for."""


class DamagedError(InputError):
    """A thing of the workspace cannot be read: a file is missing, cut short, altered or of another shape.

    Parameters
    ----------
    kind : str
        'corpora', 'labels', 'predictions', 'models' or 'exports'.
    name : str
        How it is called.
    reason : str
        What is wrong with it, without a full stop.
    mend : str
        What to do beside removing it.
    """

    def __init__(self, kind: str, name: str, reason: str, mend: str = "") -> None:
        self.kind, self.name, self.reason, self.mend = kind, name, reason, mend or "Make it again, or remove it."
        word = {"corpora": "corpus", "models": "model", "exports": "export"}.get(kind, kind)
        super().__init__(
            f"“{name}” cannot be read: {reason}. {self.mend}",
            command_line=f"To remove it: colophon remove {word} {name}",
        )


class StorageError(InputError):
    """The workspace or its database is damaged, full, not to be written to, or of a newer version."""


class NotAllowedError(StorageError):
    """The role of whoever is signed in does not allow it; nothing was changed."""


class SignInError(InputError):
    """What the server's file of secrets says of sign-in and roles cannot be understood."""


class ModelError(ColophonError):
    """A model folder is incomplete, altered since it was saved, or of an unknown kind."""


class FetchError(ColophonError):
    """A download could not be completed or its content is not what it was before."""


class JobError(ColophonError):
    """Long work failed, was interrupted, or cannot be started."""


class Cancelled(ColophonError):  # noqa: N818 - it is an answer to a wish, not a fault
    """A person asked for the work to stop, and it stopped."""


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def describe_system_error(error: BaseException) -> str | None:
    """Say in a sentence what the operating system refused, None for an error that is no such refusal.

    Libraries of other languages hand on the system's words without its number, so that these are looked for too.

    >>> describe_system_error(OSError(errno.ENOSPC, "No space left on device"))
    'The disk is full. Make room and do it again; nothing half made was kept.'
    """
    number = getattr(error, "errno", None)
    message = str(error).lower()
    if number in _FULL or "no space left on device" in message or "disk quota exceeded" in message:
        return "The disk is full. Make room and do it again; nothing half made was kept."
    name = str(getattr(error, "filename", None) or "")
    last = name.rstrip("/").rsplit("/", 1)[-1][:80]
    if number == errno.ENAMETOOLONG:
        return f"A path of {len(name):,} characters is too long; this one ends in '{last[-40:]}'."
    if number in _REFUSED or "read-only file system" in message:
        what = f"'{last}'" if last else "A file"
        return f"{what} may not be read or written here: look at its permissions."
    return None
