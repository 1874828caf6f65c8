"""What sla_monitor decides, without doing it: no I/O, no clock, no chance.

policies.py     every clock there is, as one table
rules.py        the table made ready for use: who starts, meets and cancels what, and the working calendars
facts.py        what was heard, and in which order it counts
obligations.py  one promise with its due time, and how it stands
running.py      the clocks while facts are gone through: starting, ending, moving their due times
course.py       facts → obligations: a pure fold, the same for any order of arrival and any repetition
timeline.py     the document of one request or call: hearing a fact, firing what is due, what is still to be said
"""
