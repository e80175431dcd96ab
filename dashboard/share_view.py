"""Pieces of the Share page: what is shared, its card, how it goes out, how it is cited; and taking in from others."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.connection import split_secret
from core.jobs import list_jobs, start
from core.sharing.bundle import bundle_home, unverified_manifest
from core.sharing.card_text import (
    BEGIN,
    END,
    OFFERED,
    CardKind,
    CardMetadata,
    Citation,
    delete_card,
    deposit,
    save_card,
    save_card_metadata,
    saved_card,
    saved_card_metadata,
    split,
    unfilled_parts,
    with_fresh_numbers,
)
from core.sharing.cards import bundle_card, bundle_citation, is_invented, model_card, model_citation
from core.sharing.pull import pull
from core.sharing.push import check_target, token_of, write_share_bundle
from core.storage import Workspace, digest, slug
from core.translation import _, noop, plural, translate
from core.uploads import clear_stale_uploads, clear_upload, keep_upload
from dashboard import cache, feedback, housekeeping, jobs, language, loading, people, widgets
from dashboard.feedback import count, escape, percent_unbroken
from dashboard.tables import show_table

__all__ = [
    "METHOD_NOTE",
    "ShareTarget",
    "choose",
    "cite",
    "conclusion",
    "edit_card",
    "send",
    "show_latest_result",
    "show_pull",
]

METHOD_NOTE = noop(
    "The card is made of the numbers that were measured when the model was trained, or when the export was written;"
    " none is computed here. What nobody wrote stays visibly unfilled. Before anything leaves, every file is checked"
    " against its SHA-256, the card's front matter is read as the Hub reads it, and kinds of file that could be run are"
    " refused. What comes in goes through the same rules before it enters the workspace."
)
_MODEL, _BUNDLE = noop("Model"), noop("Export")


@dataclass(frozen=True, kw_only=True)
class ShareTarget:
    """What is to be shared, with its card as it stands.

    Attributes
    ----------
    kind : {'model', 'dataset'}
    home : path
        Where its changed card is kept.
    bundle : path or None
        The zip, for an export.
    card, fresh : str
        The card as it stands, and as it would be made of measured facts alone.
    """

    kind: CardKind
    name: str
    home: Path
    bundle: Path | None
    citation: Citation
    card: str
    fresh: str
    invented: bool


def choose() -> ShareTarget | None:
    """Draw the pickers; None when there is nothing to share yet."""
    models = [artifact.name for artifact in cache.workspace().list("models")]
    bundles = _bundles()
    kinds = [kind for kind, things in ((_MODEL, models), (_BUNDLE, bundles)) if things]
    if not kinds:
        return None
    left, right = st.columns([1, 3])
    kind = language.choose(left.selectbox, _("What to share"), kinds, key="share_kind", format_func=_)
    names = models if kind == _MODEL else list(bundles)
    with right:
        name = str(widgets.pick(_("Which one"), names, "share_which", of=str(kind)))
    widgets.require_known("share_which", _("model or export"))
    return _model(name) if kind == _MODEL else _bundle(bundles[name])


def conclusion(shared: ShareTarget) -> None:
    """Say what is ready and what is not."""
    parts = unfilled_parts(shared.card)
    sentence = _("“{shared}” can be shared", shared=escape(shared.name))
    if parts:
        sentence += plural(
            "; {parts} of its card is not filled in yet",
            "; {parts} of its card are not filled in yet",
            len(parts),
            parts=count(len(parts), "part"),
        )
    feedback.conclusion(f"{sentence}.")
    if shared.kind == "model":
        st.markdown(
            _(
                "With a model goes the list of the books it learned from, titles and labels, so that nobody scores a"
                " book by a model that knows its answer. Share it only where those may be seen."
            )
        )
    loading.manage(*(("models", shared.name) if shared.bundle is None else ("exports", shared.bundle.name)))
    if shared.invented:
        st.markdown(_("**It was made from invented records: a demonstration, of no use to others.**"))


def edit_card(shared: ShareTarget) -> None:
    """Show the card as readers see it, or as text that can be changed and is kept."""
    view = noop("As readers see it")
    if people.allowed(_("change the card")):
        _details_form(shared)
        view = st.segmented_control(
            _("The card"), [view, noop("As text, to change")], default=view, required=True, key="card_as", format_func=_
        )
    if view == "As readers see it":
        with st.container(border=True, height=620):
            st.markdown(percent_unbroken(_readable(shared.card)))
    else:
        # A card that changed elsewhere makes a new box: what is shown is always what is kept.
        version = digest(shared.card)
        st.text_area(
            _("Card (Markdown with front matter)"),
            shared.card,
            height=620,
            key=f"card-{version}",
            help=_(
                "What you write is kept beside it in the workspace. The measured numbers between the two marks are"
                " written again each time."
            ),
        )
        left, right = st.columns(2)
        left.button(
            _("Keep this card"),
            type="primary",
            icon=":material/save:",
            key=f"keep-card-{version}",
            on_click=_save_card,
            args=(shared, version),
        )
        # Its key is that of the card on the screen: pressed for another, it does nothing.
        if saved_card(shared.home) is not None and right.button(
            _("Begin again from the measured facts"), icon=":material/undo:", key=f"forget-card-{version}"
        ):
            delete_card(shared.home)
            st.rerun()
    st.download_button(
        _("Download the card (README.md)"),
        shared.card.encode(),
        file_name="README.md",
        mime="text/markdown",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )
    parts = unfilled_parts(shared.card)
    if parts:
        with st.expander(_("Not filled in yet: {parts}", parts=count(len(parts), "part")), icon=":material/edit_note:"):
            st.markdown("\n".join(f"- {escape(part)}" for part in parts))


def _save_card(shared: ShareTarget, version: str) -> None:
    """Keep what was written, unless somebody else changed the card since it was shown."""
    with feedback.show_errors():
        text = str(st.session_state[f"card-{version}"])
        now = digest(with_fresh_numbers(shared.home, shared.fresh))
        if now == version:
            save_card(shared.home, text, shared.fresh, shared.kind)
            return
        st.session_state[f"card-{now}"] = text
        st.warning(
            _(
                "Somebody changed this card while you wrote; nothing was kept. What you wrote still stands in the box,"
                " theirs under “As readers see it”. Keep yours again to put it in place of theirs."
            ),
            icon=":material/pan_tool:",
        )


def send(shared: ShareTarget) -> None:
    """Offer the zip, and the way to the Hugging Face Hub."""
    place = cache.workspace()
    st.markdown(_("**As one zip**, for a colleague or for a deposit. `colophon pull FILE.zip` takes it in, verified."))

    def make() -> bytes:
        out = place.root / f".sharing-{uuid.uuid4().hex}.zip"
        try:
            chosen = {"bundle": shared.bundle} if shared.bundle else {"model": shared.name}
            return write_share_bundle(place, out, **chosen).read_bytes()
        finally:
            out.unlink(missing_ok=True)

    st.download_button(
        _("Download the zip"),
        make,
        file_name=f"{slug(shared.name)}.zip",
        mime="application/zip",
        on_click="ignore",
        icon=":material/download:",
    )
    st.markdown(_("**On the Hugging Face Hub**, where others find it and take it in by its name."))
    with st.form("push", border=True, clear_on_submit=True):
        target = st.text_input(
            _("Repository"), placeholder=_("my-library/genre-from-titles"), help=_("USER/NAME on the Hub.")
        )
        private = st.toggle(_("Only I can see it"), value=True, help=_("It can be made public on the Hub later."))
        token = st.text_input(
            _("Token of the Hub, with the right to write"),
            type="password",
            autocomplete="off",
            help=_(
                "Yours, made in the Hub's settings. It is handed to this upload alone and kept nowhere. Without it"
                " nothing is sent: a token of whoever runs this server is never used."
            ),
        )
        if st.form_submit_button(_("Share on the Hub"), type="primary", icon=":material/cloud_upload:"):
            _push(shared, target, token.strip(), private=private)
    show_latest_result("core.sharing.push")
    jobs.show_jobs("core.sharing.push")


def cite(shared: ShareTarget) -> None:
    """Show how to cite it, and what a Zenodo deposit needs."""
    feedback.show_sentences(shared.citation.reference)
    cff = shared.citation.as_cff()
    metadata = deposit(shared.citation, [shared.citation.title, shared.citation.reference])
    left, right = st.columns(2)
    with left:
        st.markdown(_("**CITATION.cff**, which GitHub, Zenodo and Zotero read"))
        st.code(cff, language="yaml")
        st.download_button(
            _("Download CITATION.cff"), cff.encode(), file_name="CITATION.cff", on_click="ignore", type="tertiary"
        )
    with right:
        st.markdown(_("**Zenodo**, which gives it a DOI"))
        st.markdown(
            _(
                "1. Download the zip under “Send it”.\n2. Make a new upload on zenodo.org and add the zip.\n3. Fill the"
                " form as below; the same stands in `zenodo.json` inside the zip.\n4. Write the DOI into the card, and"
                " keep it."
            )
        )
        show_table(
            pd.DataFrame(_form_fields(metadata["metadata"]), columns=["field", noop("what to write")]),
            alt=_("Fields of the Zenodo form, with what to write into each"),
        )


def _form_fields(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    creators = ", ".join(entry["name"] for entry in metadata["creators"])
    return [
        ("Title", metadata["title"]),
        ("Creators", creators or _("(not filled in yet: name the library under “The card”)")),
        ("Licence", metadata["license"] or _("(not filled in yet: choose it under “The card”)")),
        ("Version", metadata["version"]),
        (_("Publication date"), metadata["publication_date"]),
        ("Keywords", ", ".join(metadata["keywords"])),
        *((_("Derived from"), f"https://doi.org/{entry['identifier']}") for entry in metadata["related_identifiers"]),
    ]


def _push(shared: ShareTarget, target: str, token: str, *, private: bool) -> None:
    with feedback.show_errors():
        where = check_target(target)
        if not token:
            st.warning(_("Type the token: without it the Hub takes nothing."), icon=":material/key:")
            return
        config = {"target": where, "private": private}
        config |= {"bundle": str(shared.bundle)} if shared.bundle else {"model": shared.name}
        start(
            cache.workspace(),
            "core.sharing.push",
            config,
            _("Sharing {shared}", shared=shared.name),
            {"HF_TOKEN": token},
        )
        st.rerun()


def _details_form(shared: ShareTarget) -> None:
    known = saved_card_metadata(shared.home)
    with (
        st.expander(_("Who made it, under which licence, whom to ask"), expanded=not known.library),
        st.form("details"),
    ):
        left, right = st.columns(2)
        licences = ["", *OFFERED, *([known.licence] if known.licence and known.licence not in OFFERED else [])]
        entered = CardMetadata(
            title=left.text_input(_("Title"), known.title, placeholder=_("from its name")),
            library=right.text_input(_("Library"), known.library, placeholder=_("who made it and stands for it")),
            licence="",
            contact=left.text_input(_("Whom to ask"), known.contact),
        )
        licence = right.selectbox(
            _("Licence"),
            licences,
            index=licences.index(known.licence),
            format_func=lambda code: translate(OFFERED.get(str(code), str(code))) or _("not chosen yet"),
        )
        homepage = left.text_input(_("Homepage"), known.homepage, placeholder="https://")
        if st.form_submit_button(_("Put into the card"), icon=":material/save:"):
            details = {**entered.as_dict(), "licence": str(licence or ""), "homepage": homepage.strip()}
            save_card_metadata(shared.home, CardMetadata.from_dict(details))
            st.rerun()
        if saved_card(shared.home) is not None:
            st.caption(
                _(
                    "You changed this card by hand: what you put here enters its citation at once, and its text when"
                    " you begin again."
                )
            )


def _readable(card: str) -> str:
    """Return a card's text for the page: no pictures from elsewhere, no maths, the marks in words."""
    body = split(card)[1]
    page_text = body.replace(BEGIN, "*Measured numbers:*").replace(END, "*End of the measured numbers.*")
    return page_text.replace("![", "\\![").replace("$", "\\$").replace("\n# ", "\n## ")


def _bundles() -> dict[str, Path]:
    zip_paths = cache.workspace().folder("exports").glob("*.zip")
    return {path.name: path for path in sorted(zip_paths, key=lambda zip_path: zip_path.stat().st_mtime, reverse=True)}


def _model(name: str) -> ShareTarget:
    place = cache.workspace()
    artifact = place.find("models", name)
    details = saved_card_metadata(artifact.path)
    fresh = model_card(place, artifact, details)
    return ShareTarget(
        kind="model",
        name=artifact.name,
        home=artifact.path,
        bundle=None,
        citation=model_citation(place, artifact, details),
        card=with_fresh_numbers(artifact.path, fresh),
        fresh=fresh,
        invented=artifact.manifest.invented,
    )


def _bundle(path: Path) -> ShareTarget:
    place = cache.workspace()
    manifest, home = unverified_manifest(path), bundle_home(place, path)
    citation = bundle_citation(place, manifest, saved_card_metadata(home))
    invented = is_invented(place, manifest)
    fresh = bundle_card(manifest, citation, invented=invented)
    return ShareTarget(
        kind="dataset",
        name=path.stem,
        home=home,
        bundle=path,
        citation=citation,
        card=with_fresh_numbers(home, fresh),
        fresh=fresh,
        invented=invented,
    )


_ZIP: Final = "unpack_file"


def show_pull() -> None:
    """Take in what others shared: from the Hub, or a zip."""
    place = cache.workspace()
    st.markdown(_("Every file is checked against its SHA-256 before anything enters the workspace."))
    left, right = st.columns(2)
    with left, st.form("pull", border=True, clear_on_submit=True):
        source = st.text_input(_("Name on the Hub"), placeholder=_("USER/NAME"))
        name = st.text_input(_("Call it"), placeholder=_("as it is called there"), key="pull_name")
        token = st.text_input(_("Token, only for what is private"), type="password", autocomplete="off")
        if st.form_submit_button(_("Bring it in"), icon=":material/cloud_download:"):
            _pull(source.strip(), name, token.strip())
    with right, st.form("unpack", border=True, clear_on_submit=True):
        sent = st.file_uploader(_("A zip that somebody sent"), type="zip", key=_ZIP)
        called = st.text_input(_("Call it"), placeholder=_("as the file is called"), key="unpack_name")
        if st.form_submit_button(_("Bring it in"), icon=":material/unarchive:") and sent is not None:
            _unpack(place, sent, called)
    show_latest_result("core.sharing.pull")
    jobs.show_jobs("core.sharing.pull")


def _unpack(place: Workspace, sent: UploadedFile, called: str) -> None:
    """Take in what a browser sent: written to the disk in blocks, and no longer held in memory once it is there."""
    with feedback.show_errors(), st.spinner(_("Checking every file …")):
        clear_stale_uploads(place)
        path = keep_upload(place, sent.name, sent, sent.size)
        try:
            housekeeping.release_memory(sent, _ZIP)
            pulled = pull(place, str(path), name=called or None)
        finally:
            clear_upload(place, path)
        st.success(
            _(
                "“{pulled}” is here. {sentence}",
                pulled=escape(pulled.name),
                sentence=feedback.from_core(pulled.sentence),
            ),
            icon=":material/verified:",
        )


def show_latest_result(module: str) -> None:
    """Say where the latest finished work of a kind left its result."""
    latest = next((job.status() for job in list_jobs(cache.workspace()) if job.module == module), None)
    if latest is None or latest.state != "done" or not latest.result:
        return
    result = latest.result
    if "sentence" in result:
        sentence = _("“{name}” is here. {sentence}", name=escape(result["name"]), sentence=escape(result["sentence"]))
    else:
        seen = _("only you can see it") if result["private"] else _("everybody can see it")
        sentence = _(
            "Shared: {target}, {files}, {seen}.",
            target=escape(result["target"]),
            files=count(len(result["files"]), "file"),
            seen=seen,
        )
    st.success(sentence, icon=":material/verified:")


def _pull(source: str, name: str, token: str) -> None:
    with feedback.show_errors():
        # What a job is called and what it is told lie on the disk: a token in an address must be out of it by then.
        source, secret = split_secret(source)
        token = token or token_of(secret)
        if not source.startswith(("https://", "http://")):
            check_target(source.removeprefix("datasets/"))
        config = {"source": source, "name": slug(name) if name else None}
        secrets = {"HF_TOKEN": token} if token else None
        start(cache.workspace(), "core.sharing.pull", config, f"Bringing in {source}", secrets)
        st.rerun()
