"""Networks of any trainer as graphs: built by the code that trained them, written as ONNX, which needs none of it."""
