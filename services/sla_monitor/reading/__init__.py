"""What others read besides lists: reports of how well promises were kept, and the stream of changes.

performance.py  the query behind the reports
changes.py      the log of what changed, a few writes a second whatever happens, and who follows it
"""
