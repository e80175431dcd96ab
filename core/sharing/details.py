"""What only a person can say of a model or a data set: who made it, under which licence, whom to ask."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import InputError
from core.sharing.vocabulary import LICENCES, OFFERED

__all__ = ["CardMetadata"]


@dataclass(frozen=True)
class CardMetadata:
    """Facts for a card. Each may be '' and is then visibly unfilled.

    Attributes
    ----------
    title : str
        Else made of the name.
    licence : str
        As the Hub spells it, such as 'cc0-1.0'.
    library : str
        Who made it and stands for it: the name of the institution.
    contact : str
    homepage : str
    """

    title: str = ""
    licence: str = ""
    library: str = ""
    contact: str = ""
    homepage: str = ""

    def __post_init__(self) -> None:
        if self.licence and self.licence not in LICENCES:
            raise InputError(
                f"'{self.licence[:40]}' is no licence that the Hub knows. Usual ones are: {', '.join(OFFERED)}."
            )
        if self.homepage and not self.homepage.startswith(("https://", "http://")):
            raise InputError(f"'{self.homepage[:60]}' is no web address: it must begin with https://.")

    def as_dict(self) -> dict[str, str]:
        """Return a JSON-able dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "CardMetadata":
        """Return the details that were kept; what is not known is left out."""
        return cls(**{name: str(content[name]) for name in cls.__dataclass_fields__ if content.get(name)})
