"""What of the workspace cannot be read, and renaming and removing what it holds."""

import streamlit as st

from core.errors import DamagedError
from core.translation import _, plural
from core.translation.sentences import translate
from core.upkeep import KIND_NAMES, dependents, remove, rename
from dashboard import cache, feedback, people, widgets
from dashboard.feedback import count, escape

__all__ = ["manage", "unreadable"]

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
