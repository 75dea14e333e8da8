"""Reports that people open, print and file: one self-contained page each."""
