"""A bad network: what two processes of this machine say to each other goes through here and may be held, slowed or lost."""

import asyncio
import random
import threading
from contextlib import suppress
from dataclasses import dataclass, field

STALL_S = 1.0  # how long a lost segment holds up what follows, until it is sent again


@dataclass(eq=False)
class _Link:
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    is_dead: bool = False
    task: asyncio.Task | None = None  # nothing else holds on to it


class Proxy:
    """Listens on ``port`` of 127.0.0.1 and passes everything on to ``target``, both ways, in order.

    ``latency_s`` comes late, ``loss`` is the share of segments that hold up the rest for a second, ``is_stalled`` holds everything.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.latency_s = 0.0
        self.loss = 0.0
        self.is_stalled = False
        self._chance = random.Random(20)
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def start(self) -> "Proxy":
        """Begin to listen."""
        self._thread.start()
        assert self._is_listening.wait(5)
        return self

    def stop(self) -> None:
        """Cut every connection and end."""
        self.drop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def drop(self) -> None:
        """Cut every connection, as when a cable is pulled that both ends notice."""
        self._call(lambda link: [writer.transport.abort() for writer in link.writers])

    def vanish(self) -> None:
        """Nothing of what runs now ever arrives, and neither end is told; new connections are good."""

        def die(link: _Link) -> None:
            link.is_dead = True

        self._call(die)

    def _call(self, act) -> None:
        done = threading.Event()

        def on_loop() -> None:
            for link in list(self._links):
                act(link)
            done.set()

        self._loop.call_soon_threadsafe(on_loop)
        assert done.wait(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._is_listening.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = _Link([writer, far_writer], task=asyncio.current_task())
        self._links.add(link)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, far_writer, link), self._pass(far_reader, writer, link))
        self._links.discard(link)
        for one in link.writers:
            one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1_000)
        sending = asyncio.ensure_future(self._send(waiting, writer, link))
        try:
            while chunk := await reader.read(65_536):
                lost_s = STALL_S if self._chance.random() < self.loss else 0.0
                await waiting.put((self._loop.time() + self.latency_s + lost_s, chunk))
            if not link.is_dead:
                await waiting.put((0.0, b""))
                await sending
        finally:
            sending.cancel()
        if link.is_dead:  # the other end is not told
            await asyncio.Event().wait()
        writer.transport.abort()

    async def _send(self, waiting: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter, link: _Link) -> None:
        while True:
            due, chunk = await waiting.get()
            if due > (now := self._loop.time()):
                await asyncio.sleep(due - now)
            while self.is_stalled or link.is_dead:
                await asyncio.sleep(0.02)
            if not chunk:
                return
            writer.write(chunk)
            with suppress(OSError):  # who reads there will notice
                await writer.drain()
