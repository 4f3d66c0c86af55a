"""Judges of the doors that others wrote: audits, linters and real clients, with pinned versions.

`make conformance` runs them all against one real server over the sample page. To add one:

1. Write a script in a folder here. It finds the server's address in `CONFORMANCE_URL` and what lets
   it write there in `CONFORMANCE_TOKEN`, runs in an empty folder of its own, and looks at
   `CONFORMANCE_FULL` (1, or empty for a short form) where it takes long. The last line that it
   prints says the tool, its version and the figure (`graphql-http 1.23.1: 61/61 audits`); it exits
   with 0 if it found nothing wrong, else with 1, having printed what.
2. Add a row to `JUDGES` in `judges.py`, which names the script and the tools that it needs: the
   packages of a `package.json` with its lock (Node), or those of a hash-pinned lock (Python).
"""
