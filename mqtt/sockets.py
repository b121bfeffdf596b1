"""A socket that reads and writes in large pieces: the client library asks for single bytes and sends each packet by itself."""

import socket
import ssl

CHUNK = 64 * 1024
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedSocket:
    """Stands in for a connected, non-blocking socket; only ``fill`` and ``flush`` touch the network."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._input = b""
        self._read = 0
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
        self._read = 0

    def flush(self) -> None:
        """Write what waits, as far as the network takes it."""
        while self._output:
            try:
                sent = self._connection.send(self._output)
            except _LATER:
                return
            del self._output[:sent]

    @property
    def has_input(self) -> bool:
        """Whether ``recv`` has something to give, be it the end of the stream."""
        return self._read < len(self._input) or self._is_at_end

    @property
    def has_output(self) -> bool:
        """Whether something waits for ``flush``."""
        return bool(self._output)

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes of what was filled in. Raises ``BlockingIOError`` when there is nothing."""
        found = self._input[self._read : self._read + size]
        if not found and not self._is_at_end:
            raise BlockingIOError
        self._read += len(found)
        return found

    def send(self, content: bytes) -> int:
        """Keep ``content`` for ``flush``; takes all of it."""
        self._output += content
        return len(content)

    def pending(self) -> int:
        """Bytes that wait inside an encrypted connection, where ``select`` does not see them."""
        return self._connection.pending() if isinstance(self._connection, ssl.SSLSocket) else 0

    def setblocking(self, is_blocking: bool) -> None:
        """Pass on to the connection."""
        self._connection.setblocking(is_blocking)

    def fileno(self) -> int:
        """The connection's, for ``select``."""
        return self._connection.fileno()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
