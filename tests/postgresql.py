"""A throw-away PostgreSQL cluster: one per test run, shared by its workers, gone afterwards."""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.pristine import Pristine

TEMPLATE = "centre_template"
START_TIMEOUT_S = 30
# Durability is not what these tests are about; a crash of the test machine may cost the cluster.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=32MB", "max_connections=200")


def binaries() -> Path | None:
    """Where the server's programs are, newest version first; None when there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """The running cluster as one worker sees it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._pristine: dict[str, Pristine] = {}

    def url(self, name: str) -> str:
        """The address of database ``name``."""
        return f"postgresql://centre@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        """Run ``statement`` outside of any transaction, as the owner of the cluster."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def create(self, name: str, template: str = TEMPLATE) -> str:
        """Make database ``name`` as a copy of ``template`` and return its address."""
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def fresh(self, name: str) -> str:
        """Database ``name`` as a copy of the template has it, whatever was done to it before; returns its address."""
        with contextlib.suppress(psycopg.Error):  # gone, renamed, shut: made anew
            if name in self._pristine and self._restored(name):
                return self.url(name)
        self.drop(name)
        url = self.create(name)
        with psycopg.connect(url, autocommit=True) as connection:
            self._pristine[name] = Pristine.of(connection)
        return url

    def _restored(self, name: str) -> bool:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            return self._pristine[name].restore(connection)

    def drop(self, name: str) -> None:
        """Remove database ``name``, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def locked(shared: Path) -> Iterator[Path]:
    """Hold the lock of this test run; yields the file that describes its cluster."""
    with (shared / "cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared / "cluster.json"


def start(folder: Path) -> dict[str, Any]:
    """Make a cluster in ``folder`` and start it; returns its port, pid and folder."""
    programs = binaries()
    assert programs is not None
    run: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL}
    if os.getuid() == 0:  # the server refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        run |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    cluster, port = folder / "data", free_port()
    with (folder / "log").open("w") as log:
        command = [programs / "initdb", "-D", cluster, "-U", "centre", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(command, check=True, stdout=log, stderr=log, **run)
        settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *_FAST]
        command = [programs / "postgres", "-D", cluster, *(part for setting in settings for part in ("-c", setting))]
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **run)
    _wait_for(Cluster(port))
    return {"port": port, "pid": server.pid, "folder": str(folder)}


def make_folder() -> Path:
    """A folder of the cluster's own: the run's temporary folder is shut to other accounts."""
    return Path(tempfile.mkdtemp(prefix="centre-postgresql-"))


def _wait_for(cluster: Cluster) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            cluster.execute("SELECT 1")
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def stop(shared: Path) -> None:
    """Stop the cluster of this test run, if it has one, and remove it."""
    with locked(shared) as description:
        if not description.exists():
            return
        running = json.loads(description.read_text())
        description.unlink()
    with contextlib.suppress(ProcessLookupError):
        os.kill(running["pid"], signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while _runs(running["pid"]) and time.monotonic() < deadline:
            time.sleep(0.05)
    shutil.rmtree(running["folder"], ignore_errors=True)


def _runs(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    return Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
