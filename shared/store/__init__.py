"""Documents with their own outbox and inbox: the only door to the database driver's client."""

from shared.store.commit import DuplicateKey
from shared.store.database import Database
from shared.store.documents import Busy, Documents, Stepped, Unreadable

__all__ = ["Busy", "Database", "Documents", "DuplicateKey", "Stepped", "Unreadable"]
