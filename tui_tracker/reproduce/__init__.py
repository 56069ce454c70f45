"""Get a recorded run again: rebuild what it ran in, run it, and grade what comes out.

`plan` reads the record and says what is there, what is missing and what is put in its
place. `code`, `environment` and `data` rebuild; nothing is executed before each of them
was verified. `execute` runs, `verdict` compares, `report` tells. `steps` is the order.
The user's repository and files are read and never written.
"""
