"""A folder that `datasets` loads as it is: one Parquet file and a README with its front matter."""

from typing import Any, Final

from core.export.decisions import CURATOR
from core.export.files import Package
from core.export.parquet import write_parquet
from core.export.readme import title
from core.export.table import ExportTable
from core.export.wording import how_assigned
from core.markdown import inline

__all__ = ["front_matter", "write_huggingface"]

_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_LICENCES: Final = {"CC0-1.0": "cc0-1.0", "CC-BY-4.0": "cc-by-4.0", "CC-BY-SA-4.0": "cc-by-sa-4.0"}


def write_huggingface(table: ExportTable, package: Package) -> None:
    """Write ``huggingface/README.md`` and ``huggingface/data/train-00000-of-00001.parquet``."""
    name = "huggingface/data/train-00000-of-00001.parquet"
    count = write_parquet(package.path(name), table.flat(table.accepted), table.columns(), table.settings)
    about = "the accepted labels, as `datasets` loads them"
    package.add(name, "huggingface", "application/vnd.apache.parquet", about, count)
    text = (
        f"---\n{front_matter(table)}---\n\n# {inline(title(table))}\n\n"
        f"{count:,} records with a label. {inline(how_assigned(table))}"
        " Do not train on machine labels as if people had given them."
        " Identifiers are text. The columns are described in the file itself; settings, counts and measured quality are"
        " in the manifest.json of the export this folder comes from.\n"
    )
    package.write_text("huggingface/README.md", text, "huggingface", "text/markdown", "dataset card of the folder")


def front_matter(table: ExportTable) -> str:
    """Return the YAML front matter (without the lines of dashes)."""
    from huggingface_hub import DatasetCardData

    settings = table.settings
    count = len(table.accepted)
    by_people = (table.decisions["pred_decision"] == CURATOR).any()
    licence = _LICENCES.get(settings.licence)
    card_data: dict[str, Any] = {"license": licence or "other"}
    if licence is None:
        card_data |= {"license_name": settings.licence, "license_link": settings.licence_uri}
    languages = _languages(table)
    if languages:
        card_data["language"] = languages
    card_data |= {
        "pretty_name": title(table),
        "annotations_creators": [*(["expert-generated"] if by_people else []), "machine-generated"],
        "task_categories": ["text-classification"],
        "size_categories": [next((name for limit, name in _SIZES if count < limit), "10M<n<100M")],
        "source_datasets": ["original"],
        "tags": ["lam", "glam", "bibliographic-metadata"],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/train-00000-of-00001.parquet"}]}
        ],
    }
    return f"{DatasetCardData(**card_data).to_yaml()}\n"


def _languages(table: ExportTable) -> list[str]:
    """Return the ISO codes of the languages that the export says it holds, or that its records have, sorted."""
    import pycountry

    names = table.settings.languages or tuple(table.records["language"].iloc[table.accepted].unique())
    codes = set()
    for name in names:
        language = pycountry.languages.get(name=name) if name else None
        if language is not None:
            codes.add(getattr(language, "alpha_2", language.alpha_3))
    return sorted(codes)
