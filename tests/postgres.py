"""A PostgreSQL server of one's own for the time of the tests, in a folder that is removed afterwards."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def program(name: str) -> str:
    """Return where a program of PostgreSQL is; Debian keeps those that start a server off the search path."""
    places = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)]
    place = next((str(place) for place in places if place), None)
    if place is None:
        pytest.skip("PostgreSQL is not installed (on Debian and Ubuntu: sudo apt install postgresql)")
    return place


def _user() -> str | None:
    """Return who the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("PostgreSQL does not run as root, and there is nobody else here")


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Give the folder of the socket at which a server listens."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    user = _user()
    # Not pytest's own folder: the path of a socket has to be short, and the user of the server must reach it.
    folder = Path(tempfile.mkdtemp(prefix="colophon-pg-", dir="/tmp"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        data = folder / "data"

        def run(*command: str) -> None:
            subprocess.run(
                command, check=True, user=user, cwd=folder, env=environment, timeout=120, stdout=subprocess.DEVNULL
            )

        run(initdb, "-D", str(data), "-U", "colophon", "-A", "trust", "-E", "UTF8", "--no-sync")
        # What is tested is Colophon, not whether this disk holds what is written.
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
        run(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield str(folder)
        finally:
            run(pg_ctl, "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(folder: str, name: str) -> str:
    """Make an empty database and return its URL."""
    import psycopg

    with psycopg.connect(host=folder, user="colophon", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://colophon@/{name}?host={folder}"
