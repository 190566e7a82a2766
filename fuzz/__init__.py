"""Looks for what breaks the function: a coverage-guided fuzzer (`make fuzz`), and the inputs that take it longest."""
