"""Which samples a run selects, and why: plain Python with numpy, without Django, Celery or a database.

`parsing.parse` makes a `Selection` of the configuration that clients send. A `Chooser` takes it together with `Samples`
and chooses, in as many slices as one likes. `explaining` says why a sample was chosen or not, and `report` compares
what was asked with what was achieved.
"""
