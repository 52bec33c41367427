"""Damaged input for every decoder: right data or an error of ours, never a crash, never a guess."""
