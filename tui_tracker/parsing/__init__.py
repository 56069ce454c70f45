"""Printed logs to params, metrics with steps, files and lineage; the standard library alone.

`parser.LogParser` turns bytes into events as they come; `result.parse` adds the events of a
whole log up; `preview.preview` says what a file holds before it is taken.
"""
