"""What routing decides, without doing it: no I/O, no clock, no chance.

life.py         the transition table of the work
facts.py        what the client's side said, and what we did
story.py        the state of the work, told from its facts: the same for any order of arrival
work.py         decisions on one work item
specialists.py  a specialist: skills, hours, capacity
absences.py     when they are not there, and who has their work then
exclusions.py   who is kept away from which client (R-COI-3)
places.py       places taken and given back
clients.py      whose base a client is in
policy.py       weights and limits, by version
scoring.py      the score, by part, from plain facts
candidates.py   who could have it, prepared for many requests
assignment.py   who gets it, and why the others do not (R-COI-2, R-COI-4)
steps.py        what routing, a manager and the specialist do with it
attempts.py     how each who had it got on with it
worktime.py     how much of a time somebody was at work
doing.py        what is known of a work before it is done, and how long it took
estimates.py    how long this kind of work takes, learnt from that
record.py       what a record leaves of the score (R-COI-1)
signals.py      what may speak of self-interest
dossier.py      a specialist's record over a period
needs.py        what a request needs of whoever takes it
refusals.py     every error, with the words a person reads
"""
