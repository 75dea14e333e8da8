"""Honest work, one function a habit; look-alikes of misuse among them."""
