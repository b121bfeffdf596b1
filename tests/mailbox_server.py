"""A real IMAP server (Dovecot) on a free port of 127.0.0.1 with one mailbox; mails are delivered by putting files into it."""

import getpass
import itertools
import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "mailbox-password"
UP_WITHIN_S = 10
_count = itertools.count(1)
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True, slots=True)
class MailboxServer:
    """The running server; ``deliver`` puts a mail into its inbox."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Its address as ``MAIL_INBOX_URL``."""
        return f"imap://service:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    def deliver(self, content: bytes) -> None:
        """A new mail arrives."""
        name = f"{time.time_ns()}.{next(_count)}.test"
        scratch = self.folder / "mail" / "tmp" / name
        scratch.write_bytes(content)
        _give(scratch)
        scratch.rename(self.folder / "mail" / "new" / name)

    def unseen(self) -> int:
        """How many mails nobody has marked as seen, by the files of the mailbox."""
        files = [*(self.folder / "mail" / "new").iterdir(), *(self.folder / "mail" / "cur").iterdir()]
        return sum("S" not in file.name.partition(":2,")[2] for file in files)


def _owner() -> pwd.struct_passwd:
    """Who owns the mailbox: Dovecot serves none of root's."""
    return pwd.getpwnam("mail" if os.getuid() == 0 else getpass.getuser())


def _give(path: Path) -> None:
    os.chown(path, _owner().pw_uid, _owner().pw_gid)


@contextmanager
def mailbox_server(program: str) -> Iterator[MailboxServer]:
    """Dovecot for the length of the block, in a folder of its own; ``program`` is its path."""
    with tempfile.TemporaryDirectory(prefix="mailbox-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield from _running(program, folder)


def _running(program: str, folder: Path) -> Iterator[MailboxServer]:
    for name in ("run", "state", "home", "mail", "mail/tmp", "mail/new", "mail/cur"):
        (folder / name).mkdir(exist_ok=True)
    for name in ("home", "mail", "mail/tmp", "mail/new", "mail/cur"):
        _give(folder / name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = folder / "dovecot.conf"
    values = {"folder": folder, "user": getpass.getuser(), "uid": _owner().pw_uid, "gid": _owner().pw_gid, "port": port}
    values["password"] = PASSWORD
    values["login_user"] = "dovenull" if os.getuid() == 0 else getpass.getuser()  # that part refuses to run as root
    group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
    configuration.write_text(_CONFIGURATION.format(group=group, **values), encoding="ascii")
    with (folder / "out.log").open("wb") as out:
        process = subprocess.Popen(
            [program, "-F", "-c", str(configuration)], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        _wait_for(port, process, folder)
        yield MailboxServer(folder, port)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    logs = "".join(log.read_text("utf8", "replace") for log in folder.glob("*.log"))
    raise RuntimeError(f"Dovecot did not start: {logs}")
