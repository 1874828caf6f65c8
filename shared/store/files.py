"""Files of a service: the only door to the driver's GridFS."""

from collections.abc import Mapping
from typing import Any

from gridfs.errors import NoFile
from motor.motor_asyncio import AsyncIOMotorGridFSBucket


class Files:
    """A bucket of files, each under a name that belongs to its content: written once, never changed.

    Written twice at the same moment there are two copies under one name, which are the same.
    """

    def __init__(self, database: Any, bucket: str) -> None:
        self._database = database
        self._bucket = bucket

    async def put(self, name: str, content: bytes, metadata: Mapping[str, Any]) -> None:
        """Keep `content` under `name`, unless it is kept already."""
        if await self._database[f"{self._bucket}.files"].find_one({"filename": name}, {"_id": 1}) is None:
            await self._files().upload_from_stream(name, content, metadata=dict(metadata))

    async def get(self, name: str) -> bytes | None:
        """The content under `name`; None where there is none."""
        try:
            stream = await self._files().open_download_stream_by_name(name)
        except NoFile:
            return None
        return bytes(await stream.read())

    def _files(self) -> Any:
        return AsyncIOMotorGridFSBucket(self._database, bucket_name=self._bucket)
