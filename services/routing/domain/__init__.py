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
refusals.py     every error, with the words a person reads
"""
