"""What intake decides, without touching anything: `decide(state, message, now) -> Decision`.

`callers` knows who is calling or writing, `triage` how pressing it is, `requests` the life of a request as the
client sees it, `words` what is said about it afterwards, `calls` one telephone conversation, `mails` one letter.
"""
