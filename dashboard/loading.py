"""Loading a file: choose, see how it would be read, correct it, import it, and say which catalogue it speaks of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.classes import is_undecided, parse_renamed
from core.corpus import REJECTED_FILE, read_parquet
from core.errors import ChoiceNeededError, DamagedError
from core.fetch import readable_size
from core.importing import ReadOptions, class_counts, preview_questions
from core.manifests import Manifest
from core.predictions import NO_CORPUS, NO_LABELS, load_predictions, save_catalogue_choice, saved_catalogue_choice
from core.readers.encoding import COMMON_ENCODINGS
from core.readers.mapping import ColumnMapping, guess_kind, suggest_mapping
from core.readers.reading import FORMATS, folder_formats, formats_in_words
from core.schema import DRAWN_CHANCE, KINDS, Kind
from core.storage import Artifact, slug
from core.translation import _, noop, plural, translate
from core.upkeep import KIND_NAMES, dependents, remove, rename
from core.uploads import file_below, server_folders
from dashboard import cache, feedback, housekeeping, jobs, people, widgets
from dashboard.feedback import count, escape
from dashboard.language import only
from dashboard.tables import header, show_table

__all__ = ["choose_catalogue", "load_a_file", "manage", "show_reading", "show_rejected", "unreadable"]


# --- Which catalogue of the workspace predictions made elsewhere speak of ---------------------------------------------
# Said, and changed by a person.


_BY_ITSELF, _NONE = noop("(the one that holds them)"), noop("(none: only what their own file says)")


def choose_catalogue(thing: Artifact[Manifest]) -> None:
    """Say which catalogue predictions made elsewhere are joined with, and let a person name another; else nothing."""
    place = cache.workspace()
    if thing.kind != "predictions" or load_predictions(place, thing.fingerprint).made_here:
        return
    feedback.show_sentences(*cache.catalogue(thing.name).sentences)
    names = [corpus.name for corpus in place.list("corpora")]
    if not names or not people.may():
        return
    values = {_BY_ITSELF: "", _NONE: NO_CORPUS} | {name: name for name in names}
    choice = saved_catalogue_choice(place, thing.fingerprint)
    options = [_BY_ITSELF, *names, _NONE]
    now = next((option for option in options if values[option] == choice), _BY_ITSELF)
    key = f"catalogue-of-{thing.fingerprint}"
    st.session_state[key] = now  # what is kept is shown, whoever chose it
    st.selectbox(
        _("Catalogue of these predictions"),
        options,
        format_func=only(_BY_ITSELF, _NONE),
        key=key,
        on_change=_save_choice,
        args=(thing.fingerprint, key, values),
        help=_(
            "Records are matched by their identifier. What is found there takes titles, dates, places and languages"
            " from the catalogue, and leaves with the catalogue's identifiers."
        ),
    )
    if choice not in ("", NO_CORPUS) and cache.catalogue(thing.name).match is None:
        st.warning(
            _("“{now}” holds none of these records. Choose another catalogue.", now=escape(now)), icon=":material/help:"
        )


def _save_choice(fingerprint: str, key: str, values: Mapping[str, str]) -> None:
    with feedback.show_errors():
        save_catalogue_choice(cache.workspace(), fingerprint, values[st.session_state[key]])


# --- Loading a file: choose, see how it would be read, correct it, import it ------------------------------------------


_KIND_WORDS = {
    "corpus": noop("a catalogue (records to be labelled)"),
    "labels": noop("labels (what people said of some books)"),
    "predictions": noop("predictions (what a model said, here or elsewhere)"),
}
_GUESS, _NOTHING = noop("(guess)"), noop("(none)")
_DELIMITERS = {_GUESS: None, noop("comma"): ",", noop("semicolon"): ";", noop("tab"): "\t", noop("pipe"): "|"}
_ROLES = {
    "corpus": ("record_id", "alternate_id", "title", "author", "date", "place", "country", "language", "publisher"),
    "labels": ("record_id", "alternate_id", "title", "label", "annotator", "created_at", "note", "date", "language"),
    "predictions": ("record_id", "title", "predicted", "confidence", "truth", "date", "place", "language"),
}
_MOST_CLASSES = 30  # whose names a person can map on the page; more by the command line
_IMPORT = "core.importing"
_FETCH = "core.fetch"


def load_a_file() -> None:
    """Draw the whole of loading: the ways to a file, the preview, the corrections, the import job."""
    jobs.announce_result()
    loaded = bool(cache.workspace().list("corpora"))
    with st.expander(_("Load a file"), expanded=not loaded, icon=":material/upload_file:"):
        folders = server_folders()
        way = st.segmented_control(
            _("Where is the file?"),
            [
                noop("On my computer"),
                *([noop("On this server")] if folders else []),
                noop("Published by the British Library"),
            ],
            default="On my computer",
            required=True,
            key="way",
            format_func=_,
        )
        if way == "Published by the British Library":
            path = _fetch()
        else:
            path = _on_server(folders) if way == "On this server" else _uploaded()
        if path is not None:
            _preview_and_import(path)
    jobs.show_jobs(_IMPORT)


def _uploaded() -> Path | None:
    slot = cache.upload_slot()
    key = f"upload-{slot.turn}"
    sent = st.file_uploader(
        translate(formats_in_words(folders=False)),
        help=_("Up to 500 MB. Larger files are read by whoever runs this server, with the command “colophon import”."),
        key=key,
    )
    if sent is not None:
        with feedback.show_errors():
            slot.take(sent.name, sent)
            housekeeping.release_memory(sent, key)
            st.rerun()
    path = slot.waiting
    if path is not None:
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.markdown(
            _(
                "**{path}** has arrived ({readable_size}).",
                path=escape(path.name),
                readable_size=escape(readable_size(path.stat().st_size)),
            )
        )
        if right.button(_("Take it away"), icon=":material/close:"):
            slot.clear()
            st.rerun()
    return path


def _on_server(folders: Sequence[Path]) -> Path | None:
    """Let a person name a file below the folders that the operator of this server has opened to the pages."""
    typed = st.text_input(
        _("File in the folders of this server that are open to these pages"),
        placeholder=_("catalogue.csv.gz"),
        help=" ".join(
            [
                _("Folder and name, as in lists/catalogue.csv.gz."),
                *(_("Also {folder}.", folder=_(r.folder_words)) for r in folder_formats()),
            ]
        ),
    )
    if not typed.strip():
        return None
    with feedback.show_errors():
        return file_below(folders, typed)
    return None


def _preview_and_import(path: Path) -> None:
    first = st.container()  # what the file holds is asked first, and guessed from what is read below
    columns = st.columns(3)
    encoding = columns[0].selectbox(
        _("Encoding"),
        [_GUESS, *COMMON_ENCODINGS],
        format_func=lambda name: _(str(COMMON_ENCODINGS.get(name, name))),
        key="import_encoding",
    )
    delimiter = columns[1].selectbox(_("Sign between cells"), list(_DELIMITERS), key="import_delimiter", format_func=_)
    offered = slug(path.resolve().name.split(".")[0])
    name = columns[2].text_input(_("Name"), offered, key=f"import_name_{path.name}", max_chars=100)
    names = st.text_input(
        _("Names of the columns, with commas between; only where the first line is a record already"),
        key=f"import_columns_{path.name}",
        placeholder=_("the first line names them"),
    )
    sheet_key = f"import_sheet_{path.name}"
    sheet = st.session_state.get(sheet_key, _GUESS)
    reading = ReadOptions(
        encoding=None if encoding == _GUESS else encoding,
        delimiter=_DELIMITERS[delimiter],
        sheet=None if sheet == _GUESS else sheet,
        columns=tuple(part.strip() for part in names.split(",")) if names.strip() else (),
    )
    with feedback.show_errors():
        try:
            kind = _kind(first, path, reading)
            source, mapping = cache.peek(path, kind, reading)
        except ChoiceNeededError as error:
            _offer_choices(error, sheet_key)
            raise
        if len(source.sheets) > 1:
            st.selectbox(_("Sheet"), [_GUESS, *source.sheets], key=sheet_key, format_func=only(_GUESS))
        for reason in source.reasons:
            st.caption(feedback.from_core(reason))
        if not source.complete:
            st.info(
                _(
                    "Only the first {frame:,} rows were read for this preview: numbers here are of them.",
                    frame=len(source.frame),
                )
            )
        for warning in source.warnings:
            st.warning(feedback.from_core(warning))
        for question in source.questions:
            st.warning(feedback.from_core(question), icon=":material/help:")
        if (reader := FORMATS[source.format]).kind not in ("", kind):
            st.warning(
                escape(_("{holds}: choose above that the file holds {kind}.", holds=reader.holds, kind=reader.kind))
            )
        overrides = _correct_mapping(source.frame, mapping.columns, mapping.reasons, kind)
        shown = source.frame.head(5).drop(columns="marc", errors="ignore")  # whole records, kept to be enriched
        st.dataframe(shown, hide_index=True, alt=_("The first rows of the file, as text"))
        mapping = suggest_mapping(source.frame, kind, overrides, check=False)
        if mapping.probabilities:
            st.markdown(
                _("Probability columns: ")
                + ", ".join(
                    _("{column} (class {name})", column=escape(c), name=escape(k))
                    for k, c in mapping.probabilities.items()
                )
            )
        for question in mapping.questions:
            st.warning(feedback.from_core(question), icon=":material/help:")
        map_classes = _correct_classes(source.frame, mapping, kind)
        learned_from = _learned_from() if kind == "predictions" else []
        drawn = _how_drawn(mapping) if kind == "labels" else ""
        config = {
            "path": str(path),
            "kind": kind,
            "name": name if name.strip() and name != offered else None,  # what was only offered may get a number
            "overrides": overrides,
            "map_classes": map_classes,
            "reading": {
                "encoding": reading.encoding,
                "delimiter": reading.delimiter,
                "sheet": reading.sheet,
                "columns": list(reading.columns),
            },
            "learned_from": learned_from,
            "drawn": drawn,
            # What is imported is what was seen here: all rows together might be guessed otherwise.
            "confirmed": {
                "columns": dict(mapping.columns),
                "probabilities": dict(mapping.probabilities),
                "shown": [str(name) for name in source.frame.columns],
            },
        }
        _import(config, path)


def _import(config: dict[str, Any], path: Path) -> None:
    """Draw the button that imports, unless exactly this has been imported or is on its way."""
    earlier = jobs.same_job(_IMPORT, config)
    status = earlier.status() if earlier is not None else None
    done = status is not None and status.finished and _is_here(status.result)
    running = status is not None and not status.finished
    if st.button(_("Import"), type="primary", icon=":material/input:", key="import_go", disabled=done or running):
        jobs.start_job(_IMPORT, config, f"Importing {path.name}")
    if done:
        st.caption(_("This file was imported like this already. Change something above to import it in another way."))


def _is_here(result: Mapping[str, Any]) -> bool:
    """Tell whether what an import made is still in the workspace under its name."""
    kind = {"corpus": "corpora"}.get(result["kind"], result["kind"])
    return cache.workspace().database.names(kind).get(result["name"]) == str(result["fingerprint"])


def _learned_from() -> list[str]:
    """Ask from which labels the model learned; nothing chosen means that it is not known."""
    labels = [artifact.name for artifact in widgets.label_sets()]
    if not labels:
        return []
    chosen = st.multiselect(
        _("The model learned from these labels"),
        [NO_LABELS, *labels],
        format_func=lambda name: _("none of these") if name == NO_LABELS else name,
        placeholder=_("not known"),
        key="import_learned_from",
        help=_("Books that a model learned from cannot test it. Whoever made the predictions can say."),
    )
    return list(chosen)


_DRAWN_WORDS = {
    "": noop("I don't know"),
    "random": noop("by lot, from the whole collection"),
    "chosen": noop("somebody chose them"),
}


def _how_drawn(mapping: ColumnMapping) -> str:
    """Ask how the labelled books were picked, unless the file says so itself."""
    if DRAWN_CHANCE in mapping.columns:
        st.caption(_("The file says with which chance each book was drawn: that is kept with the labels."))
        return ""
    return str(
        st.selectbox(
            _("How were these books picked?"),
            list(_DRAWN_WORDS),
            format_func=lambda name: _(_DRAWN_WORDS[name]),
            key="import_drawn",
            help=_(
                "What is promised of a collection rests on books that were drawn by lot. Books that somebody chose,"
                " easy ones first or one shelf alone, can show where a model errs, but not how often."
            ),
        )
    )


def _kind(place: Any, path: Path, reading: ReadOptions) -> Kind:
    """Ask what the file holds; a new file begins with what its columns say."""
    source = cache.peek(path, "corpus", reading)[0]
    guess, why = (always, "") if (always := FORMATS[source.format].kind) else guess_kind(source.frame)
    if st.session_state.get("import_kind_of") != (str(path), reading.columns):
        st.session_state["import_kind_of"] = (str(path), reading.columns)
        st.session_state["import_kind"] = guess
    kind: Kind = place.selectbox(
        _("What does it hold?"), KINDS, format_func=lambda name: _(_KIND_WORDS[name]), key="import_kind"
    )
    if why and kind == guess:
        place.caption(escape(_("Guessed: {why}", why=why)))
    return kind


def _correct_classes(frame: pd.DataFrame, mapping: ColumnMapping, kind: Kind) -> list[str]:
    """Let a person say which class each name of the file means; return the changes as ``NAME=CLASS``."""
    counts = class_counts(frame, mapping)
    if kind == "corpus" or not counts:
        return []
    changes = []
    questions = st.container()  # the questions stand above the table that answers them
    with st.expander(_("Class names: what each name of the file means"), icon=":material/label:"):
        st.caption(
            _(
                "Give two names one class to put them together, such as LABEL_1 and Fiction. A name without a class is"
                " no answer."
            )
        )
        grid = st.columns(3)
        for position, (answer, count) in enumerate(sorted(counts.items(), key=lambda item: -item[1])[:_MOST_CLASSES]):
            own = "" if is_undecided(answer) else answer
            given = grid[position % 3].text_input(
                escape(_("{answer} ({n:,} times)", answer=answer, n=count)),
                own,
                key=f"class-{kind}-{answer}",
                placeholder=_("no class"),
            )
            if given.strip() != own:
                changes.append(f"{answer}={given.strip()}")
        if len(counts) > _MOST_CLASSES:
            st.caption(_("{counts:,} rarer names are not shown.", counts=len(counts) - _MOST_CLASSES))
    for question in preview_questions(frame, mapping, kind, parse_renamed(changes, counts)):
        questions.warning(feedback.from_core(question), icon=":material/help:")
    return changes


def _offer_choices(error: ChoiceNeededError, sheet_key: str) -> None:
    """Show how the file would read in each of several ways; a press chooses one of them."""
    if not error.choices:
        return
    key = "import_encoding" if error.option == "encoding" else sheet_key
    st.markdown(_("**Choose the {option}**, and the file is read so:", option=error.option))
    for choice in error.choices:
        button, sample = st.columns([1, 2], vertical_alignment="center")
        button.button(
            escape(choice.label),
            key=f"choose-{error.option}-{choice.value}",
            on_click=lambda value=choice.value: st.session_state.update({key: value}),
            width="stretch",
        )
        sample.markdown(escape(choice.sample))


def _correct_mapping(
    frame: pd.DataFrame, columns: Mapping[str, str], reasons: Mapping[str, str], kind: str
) -> list[str]:
    """Let a person change which column is what; return the changes as ``HEADER=target``."""
    st.markdown(_("**Which column is what?** Guessed from the headers and the values; change what is wrong."))
    headers = [_NOTHING, *frame.columns]
    overrides = []
    grid = st.columns(3)
    for position, role in enumerate(_ROLES[kind]):
        guessed = columns.get(role, _NOTHING)
        chosen = grid[position % 3].selectbox(
            _(role.replace("_", " ")),
            headers,
            format_func=only(_NOTHING),
            index=headers.index(guessed),
            key=f"map-{kind}-{role}-{len(headers)}",
            help=feedback.from_core(reasons.get(role) or _("No column was recognised.")),
        )
        if chosen != guessed:
            overrides.append(f"{guessed}=" if chosen == _NOTHING else f"{chosen}={role}")
    return overrides


def _fetch() -> Path | None:
    """Offer what the British Library published; return a downloaded file that is to be read in another way."""
    from core.fetch import sources

    known = sources()
    source = st.selectbox(_("Which?"), list(known), format_func=lambda key: known[key].title)
    st.caption(escape(f"{known[source].description} {_('Licence')}: {known[source].licence}. {known[source].citation}"))
    if st.button(_("Download"), icon=":material/cloud_download:"):
        jobs.start_job(_FETCH, {"source": source}, f"Downloading {known[source].title}")
    jobs.show_jobs(_FETCH)
    downloads = sorted(
        path
        for path in (cache.workspace().root / "downloads").glob("[!.]*")
        if path.is_file() and not path.is_symlink() and path.suffix != ".json"
    )
    if not downloads:
        return None
    names = [_NOTHING, *(path.name for path in downloads)]
    chosen = st.selectbox(
        _("Look at a downloaded file"),
        names,
        format_func=only(_NOTHING),
        help=_("To correct how it was read, and import it again."),
    )
    return next((path for path in downloads if path.name == chosen), None)


def show_reading(manifest: Manifest) -> None:
    """Show how a file was understood: format, encoding, mapping, reasons."""
    if not manifest.file:
        st.markdown(_("This was made here, not read from a file."))
        return
    st.markdown(
        _(
            "File **{file}**, read as {format}, {encoding}.",
            file=escape(manifest.file),
            format=escape(manifest.format),
            encoding=escape(manifest.encoding),
        )
    )
    read_as = pd.DataFrame(
        {
            "column in the file": list(manifest.mapping),
            "read as": [header(field) for field in manifest.mapping.values()],
        }
    )
    show_table(read_as, alt=_("Which column was read as what"))
    for reason in manifest.reasons:
        st.caption(feedback.from_core(reason))
    for question in manifest.questions:
        st.warning(feedback.from_core(question), icon=":material/help:")


def show_rejected(thing: Artifact[Manifest]) -> None:
    """Show the rows that could not be taken, with line and reason."""
    path = thing.path / REJECTED_FILE
    rejected = read_parquet(path) if path.exists() else pd.DataFrame(columns=["line", "reason", "text"])
    if rejected.empty:
        st.markdown(_("No row was rejected."))
        return
    show_table(
        rejected.assign(reason=rejected["reason"].map(translate)),
        columns={"reason": st.column_config.TextColumn(width=360)},
        alt=_("Rejected rows with line number and reason"),
    )
    widgets.download_table(rejected, f"{thing.name}-rejected", _("Download the rejected rows (CSV)"))


# --- What of the workspace cannot be read, and renaming and removing what it holds ------------------------------------

_DONE = "upkeep_done"


def _note(kind: str, number: int) -> str:
    """Return a number with what notes of a kind are called."""
    if kind == "decision":
        return count(number, "decision")
    if kind == "policy":
        return count(number, "kept cut-off")
    if kind == "review":
        return count(number, "list of books sent to review", "lists of books sent to review")
    if kind == "export":
        return count(number, "export")
    return plural("{n:,} note of the kind {kind}", "{n:,} notes of the kind {kind}", number, kind=kind)


def unreadable() -> None:
    """Say what cannot be read, why, and how to be rid of it; the pages go on with the rest."""
    place = cache.workspace()
    # The place is kept when the message goes: what moves up is drawn anew, and an open window would close.
    slot = st.empty()
    if message := st.session_state.pop(_DONE, ""):
        slot.success(feedback.from_core(message), icon=":material/check_circle:")
    if place.read_only_reason:
        st.info(
            _(
                "You can look at everything here, and change nothing: {read_only_reason}.",
                read_only_reason=feedback.from_core(place.read_only_reason),
            ),
            icon=":material/lock:",
        )
    faults = [fault for kind in KIND_NAMES for fault in place.unreadable(kind)]
    odd = place.database.count_unreadable_notes()
    if not faults and not odd:
        return
    parts = [count(len(faults), "thing")] if faults else []
    parts += [count(sum(odd.values()), "note")] if odd else []
    single = len(faults) + sum(odd.values()) == 1
    with st.expander(
        _("{parts} of this workspace cannot be read. Everything else is shown as usual.", parts=_(" and ").join(parts))
        + ("" if single else _(" See which.")),
        icon=":material/warning:",
    ):
        for fault in faults:
            _unreadable_artifact(fault)
        for kind, number in odd.items():
            what = _note(kind, number)
            st.markdown(
                _(
                    "{what}: written by another version of Colophon. Kept, and not counted here; that version"
                    " reads them.",
                    what=escape(what[0].upper() + what[1:]),
                )
            )


def _is_fixed() -> bool:
    """Whether nothing can be changed here, or not by whoever uses this window."""
    return bool(cache.workspace().read_only_reason) or not people.may()


def manage(kind: str, name: str) -> None:
    """Draw the small window in which a thing is renamed or removed, beside where it is listed.

    Parameters
    ----------
    kind : str
        'corpora', 'labels', 'predictions', 'models' or 'exports'.
    """
    with st.popover(_("Rename or remove"), icon=":material/edit:", disabled=_is_fixed()):
        st.markdown(f"**{escape(name)}**")
        with feedback.show_errors():
            # A form: a button that waited for the name would still be grey at the first press after typing.
            with st.form(f"rename-{kind}-{name}", border=False):
                new = st.text_input(_("New name"), key=f"rename-name-{kind}-{name}", max_chars=100)
                sent = st.form_submit_button(_("Rename"), key=f"rename-go-{kind}-{name}", icon=":material/edit:")
            if sent and new.strip():
                renamed = rename(cache.workspace(), kind, name, new)
                widgets.follow_new_name(name, renamed.new_name)
                _finish(renamed.sentence)
            elif sent:
                st.warning(_("Type the new name first."), icon=":material/edit:")
            st.divider()
            _removal(kind, name)


def _unreadable_artifact(fault: DamagedError) -> None:
    left, right = st.columns([4, 1])
    word = _(KIND_NAMES[fault.kind])
    left.markdown(escape(f"“{fault.name}” ({word}): {translate(fault.reason)}. {translate(fault.mend)}"))
    with right, st.popover(_("Remove"), icon=":material/delete:", disabled=_is_fixed()):
        _removal(fault.kind, fault.name)


def _removal(kind: str, name: str) -> None:
    """Ask once more, saying what goes with it, and remove."""
    with feedback.show_errors():
        place = cache.workspace()
        needed_by = dependents(place, kind, name)
        if needed_by:
            st.markdown(_("These need it, and are removed with it:"))
            st.markdown(
                "\n".join(f"- {escape(dependent.name)}: {feedback.from_core(dependent.why)}" for dependent in needed_by)
            )
        sure = st.checkbox(
            _(
                "Remove “{name}”{part} for good",
                name=escape(name),
                part=_(" and {needed_by} more", needed_by=len(needed_by)) if needed_by else "",
            ),
            key=f"remove-sure-{kind}-{name}",
        )
        if st.button(_("Remove"), key=f"remove-go-{kind}-{name}", icon=":material/delete:", disabled=not sure):
            removed = remove(place, kind, name, dependents_too=bool(needed_by))
            widgets.forget_removed([name, *(dependent.name for dependent in needed_by)])
            _finish(removed.sentence)


def _finish(sentence: str) -> None:
    st.session_state[_DONE] = sentence
    st.rerun()
