"""What is said of where a model comes from."""

from collections.abc import Sequence

from core.formatting import listed
from core.manifests import BaseRecord
from core.translation import _

__all__ = ["bases_in_words"]


def bases_in_words(bases: Sequence[BaseRecord] | None) -> str:
    """Name the language models that a model is built on, each with version and licence; '' where none is known.

    >>> bases_in_words([BaseRecord(name="MiniLM", licence="Apache 2.0"), BaseRecord(name="own/encoder")])
    'MiniLM (licence Apache 2.0) and own/encoder (licence not stated)'
    >>> bases_in_words([BaseRecord(name="MiniLM", licence="Apache 2.0", version="0.1.0")])
    'MiniLM (package version 0.1.0, licence Apache 2.0)'
    """
    return listed([f"{base.name} ({', '.join(_facts(base))})" for base in bases or ()])


def _facts(base: BaseRecord) -> list[str]:
    version = [_("package version {version}", version=base.version)] if base.version else []
    licence = _("licence {licence}", licence=base.licence) if base.licence else _("licence not stated")
    return [*version, licence]
