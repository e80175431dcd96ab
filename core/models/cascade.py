"""A quick student for the language model, certified on the collection it is for.

The language model reads some thousand titles of the collection itself and teaches what it says of them to a student
that counts words and letters. The student decides where it is sure, the language model reads the rest. How sure it must
be is chosen on further titles of the collection, drawn at random and read by both: with 95 % confidence, at most 0.5 %
of the collection's labels differ from those that the language model alone would give.

Measured on the British Library's digitised books with frozen MiniLM as language model (in the last rows fine-tuned:
``tests/bench/bench_cascade.py``), on 6,000 titles held out that both read, the cut certified as for a catalogue of 1.75
million. Titles taught and titles that choose the cut; the share that the student decides, and that differs really; the
share if the cut were known. Nothing above 20,000 titles taught was tried.

=======================================  ======  ======  =======  =======  =====
student                                  taught  chosen  decides  differs  known
=======================================  ======  ======  =======  =======  =====
classes balanced, C = 100 (earlier)       5,000   4,000     50 %    0.2 %   63 %
the same                                 20,000   4,000     60 %    0.2 %   71 %
not balanced, C = 30 (now)               20,000   4,000     68 %    0.2 %   76 %
the same                                 14,000  10,000     69 %    0.3 %   77 %
not balanced, C = 30, MiniLM fine-tuned  20,000   4,000     79 %    0.1 %   86 %
the same                                 20,000   8,000     80 %    0.2 %   85 %
=======================================  ======  ======  =======  =======  =====

What remains is read by the language model, and that is the wall. 6,000 titles a second on two cores leave a title 0.33
ms of a core. The student takes 0.06 ms, MiniLM with 8 bits 5.2 ms and more where it reads twice (on a quiet machine,
``tests/bench/bench_scoring.py``): it could read one title in nineteen, and it reads four. Of one title in fifteen
frozen MiniLM is not sure itself, and there no student can be held to follow it. Beside a training that took both cores,
the cascade read 690 to 800 titles a second where MiniLM alone read 166. Ridge regression on the language model's
logits, instead of logistic regression on its answers, could decide one title in a hundred more, if the cut were known.

References
----------
Zeighami, Shankar and Parameswaran, "Cut Costs, Not Accuracy: LLM-Powered Data Processing with Guarantees" (BARGAIN),
arXiv 2509.02896, 2025.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.formatting import lower_percent, percent, upper_percent
from core.models import (
    KINDS,
    Observe,
    TitleClassifier,
    TrainingData,
    classifier_class,
    ignore_measurements,
    merge_options,
    read_model_config,
    translate_load_errors,
    write_model_config,
)
from core.models.ensemble import (
    Member,
    combine_logits,
    load_members,
    parse_member,
    save_members,
    sub_progress,
    train_member,
)
from core.progress import Progress, silent
from core.thresholds.finite_population import most_wrong

__all__ = ["CUTS", "MOST_DIFFERENT", "STUDENT", "CascadeClassifier", "Certificate", "choose_cut", "teach"]

FILE: Final = "cascade.json"
FORMAT: Final = 1
DEFAULTS: Final[Mapping[str, Any]] = {
    "base": "",
    **KINDS["cascade"].members,
    "collection": "",
    "taught": 0,
    "checked": 0,
}
# How many titles the language model reads for its student, where nobody says: shares of the collection within bounds.
# Each doubling of the lessons lets the student decide about five titles in a hundred more.
TAUGHT: Final = (0.03, 20_000, 50_000)
CHECKED: Final = (0.01, 4_000, 10_000)
# Of a student that counts words. It repeats what the language model says and learns from answers without accidents of
# labelling: with this penalty, and no balancing of classes, it decides 68 of 100 of the British Library's digitised
# books, where it decides 60 when it is trained as a classifier of its own is.
STUDENT: Final[Mapping[str, Any]] = {"kind": "tfidf", "C": 30.0}
MOST_DIFFERENT: Final = 0.005
CONFIDENCE: Final = 0.95
_PART: Final = 4_096  # titles that the student decides of while the language model reads those before them
# Tried in this order, laid down before anything is read: from odds of e^12 to 1 down to even ones.
CUTS: Final[tuple[float, ...]] = tuple(1 / (1 + math.exp(-step / 10)) for step in range(120, -1, -1))


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What was seen when the student was let in.

    Attributes
    ----------
    collection : str
        Name of the corpus.
    records : int
        Its records with a title.
    taught, taught_differ : int
        Records the student learned from, and those of them that it decides otherwise than the language model.
    checked, checked_differ : int
        The same of the further records, drawn at random, that chose the cut.
    decided : float
        Share of the `checked` that the student decides.
    most_different, confidence : float
        The promise: at most this share of the labels differs, with this confidence.
    """

    collection: str
    records: int
    taught: int
    taught_differ: int
    checked: int
    checked_differ: int
    decided: float
    most_different: float = MOST_DIFFERENT
    confidence: float = CONFIDENCE

    @property
    def sentence(self) -> str:
        """Say it in a report of a training."""
        if not self.decided:
            return f"The quick student was not good enough for {self.collection}: the language model reads every title."
        return (
            f"A quick student decides {percent(self.decided)} of the titles of {self.collection}. At most"
            f" {upper_percent(self.most_different)} of all its labels differ from the language model's,"
            f" {lower_percent(self.confidence)} sure: of {self.checked:,} titles drawn at random, read by both,"
            f" {self.checked_differ:,} differ. Of other catalogues nothing is promised."
        )


def choose_cut(
    confidences: NDArray[np.float64],
    differ: NDArray[np.bool_],
    *,
    unread: int,
    most: int,
    known_confidences: NDArray[np.float64],
    known_differ: NDArray[np.bool_],
) -> float:
    """Return the least confidence with which the student may decide; infinity where it may decide nothing.

    Parameters
    ----------
    confidences, differ : arrays, shape (n,)
        Of records drawn at random: how sure the student is, and whether its label differs from the language model's.
    unread : int
        Records they were drawn from, themselves included.
    most : int
        Labels of the collection that may differ.
    known_confidences, known_differ : arrays, shape (m,)
        The same of the collection's remaining records, all read by both.

    Notes
    -----
    The lower the cut, the more labels differ. The cuts are tried from the strictest on, each by the exact bound of a
    finite population, until one fails: the first one that allows too much is passed with a probability of 1 -
    :data:`CONFIDENCE` at the most, and no later one is looked at unless it was.
    """
    most_of = functools.cache(lambda seen: most_wrong(seen, len(differ), unread, 1 - CONFIDENCE))
    best = math.inf
    for cut in CUTS:
        known = int((known_differ & (known_confidences >= cut)).sum())
        seen = int((differ & (confidences >= cut)).sum())
        if known + most_of(seen) > most:
            break
        best = cut
    return best


def teach(
    first: Member, titles: Sequence[str], answers: NDArray[np.float64], classes: Sequence[str], seed: int
) -> TitleClassifier:
    """Return a student that learned what the language model says of titles; `answers`, shape (n, k)."""
    # Shares below a fiftieth of a title are no lesson, and make the student's work twice as long.
    lesson = np.where(answers < 0.02, 0.0, answers)
    data = TrainingData(
        titles=list(titles),
        targets=lesson / lesson.sum(axis=1, keepdims=True),
        weights=np.ones(len(lesson)),
        classes=tuple(classes),
        balanced=False,
    )
    return train_member(first, data, seed=seed)


class CascadeClassifier(TitleClassifier):
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Attributes
    ----------
    first : TitleClassifier, optional
        The student; without it the language model reads everything.
    second : TitleClassifier
        The language model.
    sure : float
        The least confidence with which the first one decides.
    certificate : Certificate, optional
        Of models of earlier versions none is known: their `sure` was chosen by hand.
    temperature : float
        Divides the logits of the first one, in models of earlier versions.
    """

    kind: ClassVar[str] = "cascade"
    folds: ClassVar[int] = 3

    def __init__(
        self,
        first: TitleClassifier | None,
        second: TitleClassifier,
        *,
        sure: float = math.inf,
        certificate: Certificate | None = None,
        temperature: float = 1.0,
    ) -> None:
        self.first = first
        self.second = second
        self.sure = sure
        self.certificate = certificate
        self.temperature = temperature
        self.classes = second.classes
        self.device = second.device
        self.sentences = (*second.sentences, *([certificate.sentence] if certificate else []))

    @classmethod
    def train(
        cls,
        data: TrainingData,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        observe: Observe = ignore_measurements,
        checkpoints: Path | None = None,
    ) -> Self:
        """Learn from titles; see :meth:`core.models.TitleClassifier.train`.

        A student is taught where `data` holds titles of a collection, as that of the final classifier does.

        Parameters
        ----------
        options : mapping, optional
            ``first`` and ``second``, kinds of model or ``{"kind": "tfidf", "C": 10}`` (TF-IDF, transformer);
            ``collection``, the corpus it is for; ``taught`` and ``checked``, how many of its titles the student learns
            from and how many choose the cut (0, the default: by the size of the collection, 20,000 to 50,000 and 4,000
            to 10,000); ``base``, for members that start from an encoder.
        """
        first, second, settings = _settings(options)
        shares = (0.6, 0.4) if len(data.collection) else (1.0, 0.0)
        teacher = train_member(
            second,
            data,
            seed=seed,
            progress=sub_progress(progress, 0.0, shares[0]),
            observe=observe,
            checkpoints=checkpoints,
        )
        if not len(data.collection):
            return cls(None, teacher)
        return cls._taught(teacher, first, data, settings, seed, sub_progress(progress, *shares))

    @classmethod
    def _taught(
        cls,
        teacher: TitleClassifier,
        first: Member,
        data: TrainingData,
        settings: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> Self:
        titles = data.collection
        taught = settings["taught"] or _size(TAUGHT, len(titles))
        checked = settings["checked"] or _size(CHECKED, len(titles))
        order = np.random.default_rng(seed).permutation(len(titles))
        draw, lessons = order[:checked], order[checked : checked + taught]
        if len(lessons) < checked:
            # To read all titles takes no longer than to find out which need not be read.
            return cls(None, teacher)
        read = [titles[i] for i in (*draw.tolist(), *lessons.tolist())]
        answers = teacher.predict_probabilities(read, sub_progress(progress, 0.0, 0.8))
        own = teacher.predict_probabilities(data.titles)
        progress(0.85, "Teaching the quick student")
        taught_titles = [*data.titles, *read[len(draw) :]]
        student = teach(first, taught_titles, np.vstack([own, answers[len(draw) :]]), data.classes, seed)
        progress(0.95, "Comparing the student with the language model")
        guesses = student.predict_probabilities(read)
        sure, differ = guesses.max(axis=1), guesses.argmax(axis=1) != answers.argmax(axis=1)
        here, known = slice(0, len(draw)), slice(len(draw), None)
        cut = choose_cut(
            sure[here],
            differ[here],
            unread=len(titles) - len(lessons),
            most=math.floor(MOST_DIFFERENT * len(titles)),
            known_confidences=sure[known],
            known_differ=differ[known],
        )
        decides = sure >= cut
        certificate = Certificate(
            collection=settings["collection"],
            records=len(titles),
            taught=len(lessons),
            taught_differ=int((decides & differ)[known].sum()),
            checked=len(draw),
            checked_differ=int((decides & differ)[here].sum()),
            decided=float(decides[here].mean()),
        )
        return cls(student if certificate.decided else None, teacher, sure=cut, certificate=certificate)

    @classmethod
    def folds_for(cls, options: Mapping[str, Any]) -> int:
        """Return how many times a cascade is trained over: as often as its language model."""
        _, second, _ = _settings(options)
        return min(cls.folds, classifier_class(second[0]).folds)

    @classmethod
    def refit_options(cls, options: Mapping[str, Any], trained: Sequence[Any]) -> dict[str, Any]:
        """Return the options for learning from all books; see the transformer's."""
        _, (kind, inner), _ = _settings(options)
        chosen = classifier_class(kind).refit_options(inner, [classifier.second for classifier in trained])
        return {**options, "second": {"kind": kind, **chosen}}

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.TitleClassifier`."""
        if self.first is None:
            return self.second.predict_probabilities(titles, progress)
        parts = [titles[start : start + _PART] for start in range(0, len(titles), _PART)]
        probabilities = [np.empty((0, len(self.classes)))]
        with ThreadPoolExecutor(1) as pool:
            # The student counts words on one core, the language model leaves none of them waiting for it.
            for number, (part, answers) in enumerate(zip(parts, pool.map(self._student, parts), strict=True)):
                unsure = np.flatnonzero(answers.max(axis=1) < self.sure)
                done, width = number * _PART / len(titles), len(part) / len(titles)
                decided = width * (1 - len(unsure) / len(part))
                listener = sub_progress(progress, done + decided, width - decided)
                if len(unsure):
                    rest = [part[i] for i in unsure.tolist()]
                    answers[unsure] = self.second.predict_probabilities(rest, listener)
                else:
                    listener(1.0, f"{number * _PART + len(part):,} of {len(titles):,} titles")
                probabilities.append(answers)
        return np.concatenate(probabilities)

    def is_truncated(self, titles: Sequence[str]) -> NDArray[np.bool_]:
        """Say which of the titles the language model decides and cannot read to their end, shape (n,)."""
        truncated = self.second.is_truncated(titles)
        long = np.flatnonzero(truncated)
        if self.first is not None and len(long):
            truncated[long] = self._student([titles[i] for i in long.tolist()]).max(axis=1) < self.sure
        return truncated

    def _student(self, titles: Sequence[str]) -> NDArray[np.float64]:
        assert self.first is not None
        return combine_logits(self.first.predict_probabilities(titles)[None], [1 / self.temperature])

    def save(self, folder: Path) -> None:
        """Write both members into folders of their own, and the rule with its certificate as JSON."""
        kinds = save_members(folder, [self.second] if self.first is None else [self.first, self.second])
        rule: dict[str, Any] = {"members": kinds, "temperature": self.temperature, "sure": min(self.sure, 1.0)}
        if self.certificate:
            rule["certificate"] = asdict(self.certificate)
        write_model_config(folder / FILE, FORMAT, {"classes": self.classes, **rule})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote, here or in an earlier version.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        with translate_load_errors(folder):
            config = read_model_config(folder / FILE, FORMAT)
            classes, kinds = tuple(config["classes"]), list(config["members"])
            temperature, sure = float(config["temperature"]), float(config["sure"])
            certificate = Certificate(**config["certificate"]) if "certificate" in config else None
        if not 1 <= len(kinds) <= 2 or not temperature > 0 or not 0 <= sure <= 1:
            raise ModelError(f"The rule of the model in {folder.name} cannot be: train or fetch it again.")
        *student, teacher = load_members(folder, kinds, classes)
        return cls(
            student[0] if student else None, teacher, sure=sure, certificate=certificate, temperature=temperature
        )


def _settings(options: Mapping[str, Any] | None) -> tuple[Member, Member, dict[str, Any]]:
    settings = merge_options("cascade", DEFAULTS, options)
    for name in ("taught", "checked"):
        value = settings[name]
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise InputError(
                f"The option '{name}' must be a number of titles, or 0 for one that fits the collection; {value!r}"
                " came."
            )
    base = settings["base"]
    first = STUDENT if settings["first"] == STUDENT["kind"] else settings["first"]
    return parse_member(first, base), parse_member(settings["second"], base), settings


def _size(bounds: tuple[float, int, int], titles: int) -> int:
    """Return a share of the titles, within bounds.

    >>> [_size((0.03, 20_000, 50_000), titles) for titles in (5_000, 1_000_000, 1_752_078)]
    [20000, 30000, 50000]
    """
    share, least, most = bounds
    return min(most, max(least, round(share * titles)))
