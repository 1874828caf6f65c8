"""Who is told that a promise is broken: ladders climbed, bundles put together, letters and webhooks handed over.

store.py        the collections: escalations, people, what each person is being told
escalations.py  a breach begins a ladder, its end ends it, time climbs it
notifier.py     what is to be told goes into one bundle a person, exactly once
wording.py      the bundle as a letter and as a webhook
"""
