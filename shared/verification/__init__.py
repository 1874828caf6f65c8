"""What is kept is proved to be what the facts come to: page by page on demand, and each night as a whole."""

from shared.verification.night import Page, Verification
from shared.verification.nightly import Nightly, last

__all__ = ["Nightly", "Page", "Verification", "last"]
