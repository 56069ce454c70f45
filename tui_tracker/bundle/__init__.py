"""Runs in one file: to hand on, to publish, to keep.

    tt bundle RUN... --out FILE       written by `writing`, its texts cleaned by `cleaning`
    tt unbundle FILE                  read by `reading`, which trusts nothing in it

A bundle is a zip file:

    bundle.json          what is in it, with size and SHA-256 of every other member
    store.db             a store with these runs alone
    artifacts/xx/<hash>  their files by SHA-256, not deflated
    code.bundle          git bundles of their code (code-2.bundle and so on where
                         snapshots of different kinds cannot share one), not deflated

Its comment, the last bytes of the file, is `tui_tracker bundle sha256:` and 64 digits:
the hash of all bytes before the digits, so that a cut or changed file is known as one
before anything in it is looked at. The hash is no signature: a file that was made to do
harm has a right one, and is met by the checks of `reading`.

What may not leave the machine does not: files of code and artifacts in which a secret
was found are left out, and every text goes through `redact_text`. `bundle.json` says
what was left out of which run, and why. A run that others were derived from comes along
only if it is named; the ids are kept, so the two find each other in a store that has both.
"""
