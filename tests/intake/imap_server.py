"""A small IMAP server on a real socket: the commands the poller's library says, and letters that can be put in."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "desk", "secret of the tests"


@dataclass
class Folder:
    """One folder: UIDs to letters, and which are seen."""

    validity: int = 7
    letters: dict[int, bytes] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)
    break_at: int | None = None
    """The connection breaks once when this letter is asked for."""
    refuse_at: int | None = None
    """This letter is neither given nor marked, as long as it stands here."""
    expunged: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"imap://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/INBOX"


@asynccontextmanager
async def imap_server() -> AsyncIterator[Folder]:
    """The server, while it runs."""
    folder = Folder()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            answer = b"" if _refused(folder, command.upper()) else _answer(folder, command)
            if answer is None:
                break
            writer.write(answer + f"{tag} {_ending(folder, command)}\r\n".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        folder.port = server.sockets[0].getsockname()[1]
        yield folder


def _ending(folder: Folder, command: str) -> str:
    if _refused(folder, command.upper()):
        return "NO [SERVERBUG] not now"
    wrong = command.startswith("LOGIN") and PASSWORD not in command
    return "NO [AUTHENTICATIONFAILED] wrong" if wrong else "OK done"


def _refused(folder: Folder, word: str) -> bool:
    return word.startswith(("UID FETCH", "UID STORE")) and int(word.split()[2]) == folder.refuse_at


def _answer(folder: Folder, command: str) -> bytes | None:
    """What is said before the tagged line; None breaks the connection."""
    word = command.upper()
    folder.expunged |= "EXPUNGE" in word
    if word.startswith("CAPABILITY"):
        return b"* CAPABILITY IMAP4rev1\r\n"
    if word.startswith("SELECT"):
        return f"* {len(folder.letters)} EXISTS\r\n* OK [UIDVALIDITY {folder.validity}] ok\r\n".encode()
    if word.startswith("STATUS"):
        after = max(folder.letters, default=0) + 1
        return f'* STATUS "INBOX" (UIDVALIDITY {folder.validity} UIDNEXT {after})\r\n'.encode()
    if word.startswith("UID SEARCH"):
        # A range that begins above the last letter still has the last one in it (RFC 3501).
        begin = int(found[1]) if (found := re.search(r"UID (\d+):\*", word)) else 1
        last = max(folder.letters, default=0)
        searched = [uid for uid in folder.letters if "UNSEEN" not in word or uid not in folder.seen]
        return f"* SEARCH {' '.join(str(uid) for uid in searched if uid >= begin or uid == last)}\r\n".encode()
    if word.startswith("UID FETCH"):
        return _fetched(folder, int(word.split()[2]))
    if word.startswith("UID STORE"):
        folder.seen.append(int(word.split()[2]))
    return b""


def _fetched(folder: Folder, uid: int) -> bytes | None:
    if folder.break_at == uid:
        folder.break_at = None
        return None
    raw = folder.letters[uid]
    return f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
