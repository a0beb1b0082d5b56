"""Each engine is a compiler from a snapshot to a pipeline; `registry` lists them."""
