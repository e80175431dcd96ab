"""Starting a module of Colophon as a process of its own, such that it finds this code and no other.

``python -m MODULE`` looks for modules in the working folder first: a folder that holds a package called ``core`` or
``data``, as many a Django project does, would take the place of ours.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["CODE_FOLDER", "module_command", "module_environment"]

CODE_FOLDER: Final = Path(__file__).resolve().parents[1]  # the repository, or the folder of packages of an installation
_PACKAGE_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})


def module_command(module: str, *args: str) -> list[str]:
    """Return the command that runs a module with this Python, which does not look in the working folder (``-P``)."""
    return [sys.executable, "-P", "-m", module, *args]


def module_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which this copy of the code is found first, and the working folder is not looked in.

    Parameters
    ----------
    environment : mapping, optional
        What it starts from; else that of this process. Folders in its ``PYTHONPATH`` become absolute, since the process
        may run in another working folder, and empty ones, which stand for the working folder, are left out.
    """
    environment = dict(os.environ if environment is None else environment)
    paths = [os.path.abspath(path) for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]  # noqa: PTH100
    # An installation is on the path of its Python anyway. Named here, it would come before the standard library.
    if CODE_FOLDER.name not in _PACKAGE_FOLDERS:
        paths = [str(CODE_FOLDER), *(path for path in paths if path != str(CODE_FOLDER))]
    environment["PYTHONSAFEPATH"] = "1"
    environment.pop("PYTHONPATH", None)
    return environment | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})
