"""The supervisor keeps its children alive and takes them along when it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SUPERVISED = """
import os, sys
from pathlib import Path
from app.supervisor import Child, Supervisor
WAIT = "print('up', flush=True); time.sleep(600)"
sleeper = [sys.executable, "-c", "import time; " + WAIT]
stubborn = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAIT]
children = [Child("first", sleeper), Child("second", stubborn if sys.argv[2:] else sleeper)]
Supervisor(children, Path(sys.argv[1]), os.environ).run(when_up=lambda: print("up", flush=True))
"""


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SUPERVISED, str(tmp_path), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def said(logs: Path, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (logs / "supervisor.log").read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


def wait_until(is_so: Callable[[], bool], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: object) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def pids(logs: Path) -> list[object]:
    return [line["pid"] for line in said(logs, "started")]


def test_it_works(supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    process = supervise()
    assert all(is_alive(pid) for pid in pids(tmp_path))
    wait_until(lambda: (tmp_path / "first.log").read_text() == "up\n")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not any(is_alive(pid) for pid in pids(tmp_path))


def test_a_killed_child_is_started_again_and_the_log_says_so(supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    supervise()
    victim = int(str(pids(tmp_path)[1]))
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(pids(tmp_path)) == 3)
    (death,) = said(tmp_path, "died")
    assert (death["child"], death["pid"], death["status"]) == ("second", victim, -signal.SIGKILL)
    assert is_alive(pids(tmp_path)[2])


def test_who_dies_again_waits_longer(supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    supervise()
    for count in (2, 3, 4):
        wait_until(lambda count=count: len(pids(tmp_path)) == count)
        os.kill(int(str(pids(tmp_path)[-1])), signal.SIGKILL)
        wait_until(lambda count=count: len(said(tmp_path, "died")) == count - 1)
    assert [line["again_in_s"] for line in said(tmp_path, "died")] == [0.5, 1.0, 2.0]


def test_children_end_with_a_killed_supervisor(supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    process = supervise()
    process.kill()
    process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in pids(tmp_path)))


@pytest.mark.slow
def test_a_child_that_will_not_end_is_ended_within_ten_seconds(supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    process = supervise("stubborn")
    wait_until(lambda: (tmp_path / "second.log").read_text() == "up\n")
    process.terminate()
    assert process.wait(10) == 0
    assert not any(is_alive(pid) for pid in pids(tmp_path))
