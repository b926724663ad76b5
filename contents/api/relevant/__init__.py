"""Tests of files of relevant filenames."""
