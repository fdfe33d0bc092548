"""`minsheng chaos`: the whole flow under load while its processes are killed and its servers taken away, and the books after it."""
