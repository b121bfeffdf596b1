"""A socket that reads and writes in large pieces: the client library asks for single bytes and sends each packet by itself."""

import socket
import ssl

from mqtt import packets

CHUNK = 64 * 1024
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedSocket:
    """Stands in for a connected, non-blocking socket; only ``fill`` and ``flush`` touch the network."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._input = b""
        self._read = 0
        self._shown = 0
        self._output = bytearray()
        self._is_at_end = False

    def fill(self) -> None:
        """Read what the network has, at most one piece."""
        try:
            chunk = self._connection.recv(CHUNK)
        except _LATER:
            return
        self._is_at_end = not chunk
        self._input = self._input[self._read :] + chunk
        self._read = self._shown = 0

    def flush(self) -> None:
        """Write what waits, as far as the network takes it."""
        while self._output:
            try:
                sent = self._connection.send(self._output)
            except _LATER:
                return
            del self._output[:sent]

    def next_packet(self) -> tuple[int, int, int] | None:
        """First byte, beginning and end of the body of the next packet, None until all of it is here.

        Raises ``ValueError`` when what came is no packet.
        """
        if self._read >= len(self._input):
            return None
        found = packets.header(self._input, self._read)
        if found is None or found[1] > len(self._input):
            return None
        return self._input[self._read], *found

    def take(self, start: int, end: int) -> bytes:
        """The body of the next packet, which is passed over."""
        self._read = self._shown = end
        return self._input[start:end]

    def show(self, end: int) -> None:
        """Let ``recv`` give what stands before ``end``, the end of the next packet."""
        self._shown = end

    @property
    def is_at_end(self) -> bool:
        """Whether the other side has closed the connection; ``recv`` says so in its turn."""
        return self._is_at_end

    @property
    def has_output(self) -> bool:
        """Whether something waits for ``flush``."""
        return bool(self._output)

    def recv(self, buffer_size: int) -> bytes:
        """Up to ``buffer_size`` bytes of what is shown. Raises ``BlockingIOError`` when there is nothing."""
        found = self._input[self._read : min(self._read + buffer_size, self._shown)]
        if not found and not self._is_at_end:
            raise BlockingIOError
        self._read += len(found)
        return found

    def send(self, buffer: bytes | bytearray) -> int:
        """Keep ``buffer`` for ``flush``; takes all of it."""
        self._output += buffer
        return len(buffer)

    def pending(self) -> int:
        """Bytes that wait inside an encrypted connection, where ``select`` does not see them."""
        return self._connection.pending() if isinstance(self._connection, ssl.SSLSocket) else 0

    def setblocking(self, flag: bool) -> None:
        """Pass on to the connection."""
        self._connection.setblocking(flag)

    def fileno(self) -> int:
        """The connection's, for ``select``."""
        return self._connection.fileno()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
