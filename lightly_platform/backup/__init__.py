"""`manage.py backup` and `manage.py restore`, for installations whose database is an SQLite file.

Neither loads Django's settings, which make new keys where there are none: a restore brings the keys of the backup.
"""
