"""The events services publish: one module per publishing service, the only thing they know of each other.

Contracts change by addition only. A consumer ignores fields it does not know.
"""
