"""What routing decides, without doing it: no I/O, no clock, no chance.

life.py         the transition table of the work
facts.py        what the client's side said, and what we did
story.py        the state of the work, told from its facts: the same for any order of arrival
work.py         decisions on one work item
specialists.py  a specialist: skills, hours, capacity, and the places taken
assignment.py   who gets it, and why the others do not (R-COI-2, R-COI-4)
refusals.py     every error, with the words a person reads
"""
