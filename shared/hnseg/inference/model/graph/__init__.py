"""Networks of an exported bundle that are graphs: each fold a file of ONNX, operators and weights, and no code."""
