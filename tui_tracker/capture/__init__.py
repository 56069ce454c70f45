"""Facts of the live machine.

What `init` records at once costs file reads only (`git.read_head`, `process`); the rest
is recorded by a helper process, so that a training script waits for none of it and no
thread of it holds the interpreter.
"""
