"""The benchmark: gridsample beside the libraries that people would use instead, on what people really call it with."""
