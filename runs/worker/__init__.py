"""What workers of the queue `runs` do: read, embed, select, write. numpy and onnxruntime are imported below here alone.

Never imported in a web process: runs.runners imports it inside of `run`.
"""
