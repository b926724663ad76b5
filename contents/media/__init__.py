"""Looks into images and videos that anybody may have made. Pillow and PyAV are imported here and nowhere else.

Plain Python, for the processes of the `contents` queue, which have limits of memory and time: a file that breaks them
costs one task. Never imported in a web process.
"""
